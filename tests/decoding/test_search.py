"""Oracle: the sum over every alignment, written out."""

import itertools

import jax
import numpy as np
import pytest

from sfsign_jax.decoding import align_tokens, beam_search, greedy_search


def collapse(path):
    merged = [token for token, _ in itertools.groupby(path)]
    return tuple(token for token in merged if token != 0)


def all_sequences(log_probs):
    """{label sequence: log-probability}, by enumeration."""
    scores = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        score = sum(log_probs[t, token] for t, token in enumerate(path))
        labels = collapse(path)
        scores[labels] = np.logaddexp(scores.get(labels, -np.inf), score)
    return scores


def random_log_probs(rng, steps, symbols):
    logits = rng.normal(size=(steps, symbols)) * rng.choice([0.5, 2, 5])
    return np.asarray(jax.nn.log_softmax(logits))


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_every_sequence(seed):
    rng = np.random.default_rng(seed)
    for steps in range(1, 6):
        log_probs = random_log_probs(rng, 6, 3)
        expected = all_sequences(log_probs[:steps])
        tokens, lengths, scores = beam_search(log_probs[None], np.array([steps]), beam_width=120)
        found = {
            tuple(np.asarray(tokens)[0, k, : lengths[0, k]].tolist()): float(scores[0, k])
            for k in range(120)
            if scores[0, k] > -np.inf
        }
        assert found.keys() == expected.keys()
        for labels, score in expected.items():
            assert found[labels] == pytest.approx(score, abs=1e-4)
        assert np.all(np.diff(scores[0, : len(found)]) <= 0)


def test_pruned_symbols_are_not_used():
    """With two symbols a step, the blank is dropped where it is the third."""
    probabilities = np.array([[0.1, 0.6, 0.3], [0.1, 0.3, 0.6]])
    tokens, lengths, scores = beam_search(
        np.log(probabilities)[None].astype(np.float32), np.array([2]), top_symbols=2
    )
    assert np.asarray(tokens)[0, 0, : lengths[0, 0]].tolist() == [1, 2]
    assert float(scores[0, 0]) == pytest.approx(np.log(0.36), abs=1e-5)


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
    log_probs = random_log_probs(rng, 7, 3)
    steps, labels = 6, (1, 2, 2)
    best = max(
        (p for p in itertools.product(range(3), repeat=steps) if collapse(p) == labels),
        key=lambda p: sum(log_probs[t, token] for t, token in enumerate(p)),
    )
    first, last = align_tokens(log_probs, steps, np.array([1, 2, 2, 0]), 3)
    runs = [list(run) for token, run in itertools.groupby(enumerate(best), lambda x: x[1]) if token]
    assert np.asarray(first)[:3].tolist() == [run[0][0] for run in runs]
    assert np.asarray(last)[:3].tolist() == [run[-1][0] for run in runs]
