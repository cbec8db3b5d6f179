"""Oracle: every path, written out."""

import itertools

import numpy as np
import pytest
from ctc_paths import collapse, random_log_probs

from sfsign_jax.decoding import align_tokens, greedy_search


def test_greedy_merges_neighbours_and_drops_blanks():
    path = [1, 1, 0, 1, 2, 2, 0, 0, 3]
    log_probs = np.full((1, len(path), 4), -5.0, np.float32)
    log_probs[0, np.arange(len(path)), path] = -0.1
    tokens, lengths, scores = greedy_search(log_probs, np.array([8]))
    assert np.asarray(tokens)[0, 0, : lengths[0, 0]].tolist() == [1, 1, 2]
    assert float(scores[0, 0]) == pytest.approx(-0.8, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_alignment_is_the_most_probable_path(seed):
    rng = np.random.default_rng(seed)
    (log_probs,) = random_log_probs(rng, 1, 7, 3)
    steps, labels = 6, (1, 2, 2)
    best = max(
        (p for p in itertools.product(range(3), repeat=steps) if collapse(p) == labels),
        key=lambda p: sum(log_probs[t, token] for t, token in enumerate(p)),
    )
    first, last = align_tokens(log_probs, steps, np.array([1, 2, 2, 0]), 3)
    runs = [list(run) for token, run in itertools.groupby(enumerate(best), lambda x: x[1]) if token]
    assert np.asarray(first)[:3].tolist() == [run[0][0] for run in runs]
    assert np.asarray(last)[:3].tolist() == [run[-1][0] for run in runs]
