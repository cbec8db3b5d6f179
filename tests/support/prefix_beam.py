"""Prefix beam search as docs/specification.md, "Decoding" has it, in dictionaries and f64."""

from collections import defaultdict

import numpy as np


def prefix_beam_search(log_probs, beam_width=10, top_symbols=40, blank=0):
    """[(label sequence, log-probability)], best first."""
    beam = {(): (0.0, -np.inf)}  # log-probabilities of the alignments that end in blank, in a label
    for step in np.asarray(log_probs, np.float64):
        grown = defaultdict(lambda: [-np.inf, -np.inf])
        for symbol in np.argsort(-step, kind="stable")[:top_symbols].tolist():
            for prefix, (ends_blank, ends_label) in beam.items():
                either = np.logaddexp(ends_blank, ends_label)
                if symbol == blank:
                    add(grown[prefix], 0, either + step[symbol])
                elif prefix and prefix[-1] == symbol:
                    add(grown[prefix], 1, ends_label + step[symbol])
                    add(grown[(*prefix, symbol)], 1, ends_blank + step[symbol])
                else:
                    add(grown[(*prefix, symbol)], 1, either + step[symbol])
        best = sorted(grown, key=lambda prefix: -np.logaddexp(*grown[prefix]))[:beam_width]
        beam = {prefix: tuple(grown[prefix]) for prefix in best}
    return [(prefix, float(np.logaddexp(*ends))) for prefix, ends in beam.items()]


def add(ends, which, score):
    ends[which] = np.logaddexp(ends[which], score)
