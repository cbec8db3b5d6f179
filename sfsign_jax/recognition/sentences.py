"""Where the sentences of a video are: between pauses, in which no gloss is seen."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

MARGIN = 1  # steps of a pause that a sentence keeps: training clips have no long ones either


class Steps(NamedTuple):
    """What the BiLSTM reads, and the temporal convolutions' probability of blank."""

    inputs: Float[np.ndarray, "steps hidden"]
    blank: Float[np.ndarray, " steps"]


class Cut(NamedTuple):
    """When signing pauses: for `pause` steps or more the probability of blank is over `blank`."""

    pause: int  # 2 or more
    blank: float


def sentences(parts: Iterable[Steps], cut: Cut) -> Iterator[tuple[int, Float[np.ndarray, "n h"]]]:
    """First step and steps of each sentence, as soon as it is known where it ends.

    The same whatever parts the steps come in.
    """
    waiting, start = None, 0
    for part in parts:
        if waiting is not None:
            part = Steps(*map(np.concatenate, zip(waiting, part, strict=True)))
        found = find_sentences(part.blank, cut)
        ended = [(first, stop) for first, stop in found if stop < len(part.blank)]
        for first, stop in ended:
            yield start + first, part.inputs[first:stop]
        passed = passed_steps(part.blank, ended, cut)
        waiting, start = Steps(*(x[passed:] for x in part)), start + passed
    if waiting is not None:
        for first, stop in find_sentences(waiting.blank, cut):
            yield start + first, waiting.inputs[first:stop]


def passed_steps(blank: Float[np.ndarray, " steps"], ended: list[tuple[int, int]], cut: Cut) -> int:
    """How many steps no sentence that is still to come can reach.

    The pause that has begun has to be seen whole, or the next sentence would reach into it.
    """
    passed = ended[-1][1] - MARGIN if ended else 0
    if np.any(blank[passed:] <= cut.blank):
        return passed
    return max(passed, len(blank) - cut.pause)


def find_sentences(blank: Float[np.ndarray, " steps"], cut: Cut) -> list[tuple[int, int]]:
    """First step and the one after the last of each sentence.

    What comes before the first gloss and after the last one belongs to them unless it is a pause.
    """
    signing = np.flatnonzero(blank <= cut.blank)
    if not len(signing):
        return []
    pauses = np.flatnonzero(np.diff(signing) > cut.pause)
    starts, stops = signing[np.r_[0, pauses + 1]], signing[np.r_[pauses, -1]] + 1
    starts = np.where(starts >= cut.pause, starts - MARGIN, 0)
    stops = np.where(stops + cut.pause <= len(blank), stops + MARGIN, len(blank))
    return [*zip(starts.tolist(), stops.tolist(), strict=True)]
