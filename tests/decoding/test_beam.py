"""Oracles: the sum over every alignment, and the same search in plain dictionaries."""

import itertools

import jax
import numpy as np
import pytest
from ctc_paths import collapse, random_log_probs
from prefix_beam import prefix_beam_search

from sfsign_jax.decoding import beam_search, greedy_search
from sfsign_jax.errors import UserError


def all_sequences(log_probs):
    """{label sequence: its log-probability in every clip}, by enumeration."""
    steps, symbols = log_probs.shape[1:]
    paths = sorted(itertools.product(range(symbols), repeat=steps), key=collapse)
    picked = log_probs[:, np.arange(steps), np.array(paths)].sum(-1)
    labels, counts = zip(
        *((label, len(list(run))) for label, run in itertools.groupby(paths, collapse)), strict=True
    )
    starts = np.cumsum((0, *counts[:-1]))
    return dict(zip(labels, np.logaddexp.reduceat(picked, starts, axis=1).T, strict=True))


def realistic_log_probs(rng, steps, symbols, peak):
    """A sentence in mostly blank steps, as a trained network sees it; `peak` is its certainty."""
    logits = rng.normal(size=(steps, symbols))
    sentence = rng.integers(1, symbols, 1 + steps // 5)
    for start, gloss in zip(range(0, steps, 5), sentence, strict=False):
        logits[start : start + rng.integers(1, 4), gloss] += peak
    logits[:, 0] += peak * rng.uniform(0.3, 1, steps)
    likely = rng.integers(1, symbols, 6)  # glosses that compete all along
    logits[:, likely] += peak * rng.uniform(0, 0.8, (steps, 6))
    return np.asarray(jax.nn.log_softmax(logits.astype(np.float32)))


def beams_of(results, clip):
    """[(label sequence, log-probability)] of the beams that exist."""
    tokens, lengths, scores = (np.asarray(values[clip]) for values in results)
    return [
        (tuple(row[:n].tolist()), float(score))
        for row, n, score in zip(tokens, lengths, scores, strict=True)
        if score > -np.inf
    ]


@pytest.mark.parametrize("steps", range(1, 7))
def test_a_wide_beam_finds_every_sequence(steps):
    """Three thousand draws in all."""
    log_probs = random_log_probs(np.random.default_rng(steps), 500, 6, 3)
    expected = all_sequences(log_probs[:, :steps])
    results = beam_search(log_probs, np.full(500, steps), beam_width=len(expected))
    for clip in range(len(log_probs)):
        found = beams_of(results, clip)
        assert dict(found).keys() == expected.keys()
        scores = [score for _, score in found]
        np.testing.assert_allclose(
            scores, [expected[labels][clip] for labels, _ in found], atol=1e-4
        )
        assert np.all(np.diff(scores) <= 0)


@pytest.mark.parametrize("peak", [1.0, 4.0, 8.0, 16.0])
@pytest.mark.parametrize("symbols", [5, 46, 1296, 2001])
def test_realistic_posteriors(symbols, peak):
    rng = np.random.default_rng([symbols, int(peak)])
    num_steps = np.array([76, 40, 17])
    log_probs = np.stack([realistic_log_probs(rng, 76, symbols, peak) for _ in num_steps])
    results = beam_search(log_probs, num_steps)
    for clip, steps in enumerate(num_steps):
        expected = prefix_beam_search(log_probs[clip, :steps])
        found = beams_of(results, clip)
        assert found[0][0] == expected[0][0]
        np.testing.assert_allclose(
            [score for _, score in found], [score for _, score in expected], atol=1e-4
        )


def test_pruned_symbols_are_not_used():
    """With two symbols a step, the blank is dropped where it is the third."""
    probabilities = np.array([[0.1, 0.6, 0.3], [0.1, 0.3, 0.6]])
    results = beam_search(
        np.log(probabilities)[None].astype(np.float32), np.array([2]), top_symbols=2
    )
    ((labels, score), *_) = beams_of(results, 0)
    assert labels == (1, 2)
    assert score == pytest.approx(np.log(0.36), abs=1e-5)


@pytest.mark.parametrize("search", [beam_search, greedy_search])
def test_numbers_that_are_no_result(search):
    log_probs = random_log_probs(np.random.default_rng(0), 2, 6, 3).astype(np.float32)
    with pytest.raises(UserError, match=r"clip 1 of the batch has 7 steps.* 6"):
        search(log_probs, np.array([6, 7]))
    with pytest.raises(UserError, match="clip 0 of the batch has -1 steps"):
        search(log_probs, np.array([-1, 6]))
    for bad in (np.nan, np.inf, -np.inf):
        broken = log_probs.copy()
        broken[1, 4, 2] = bad
        with pytest.raises(UserError, match=r"clip 1 of the batch .* not finite at step 4"):
            search(broken, np.array([6, 6]))
        search(broken, np.array([6, 4]))  # what is past a clip's steps is not looked at


def test_search_inside_a_jitted_function():
    log_probs = random_log_probs(np.random.default_rng(0), 2, 6, 3)
    inside = jax.jit(beam_search)(log_probs, np.array([6, 3]))
    for ours, theirs in zip(inside, beam_search(log_probs, np.array([6, 3])), strict=True):
        np.testing.assert_array_equal(ours, theirs)
