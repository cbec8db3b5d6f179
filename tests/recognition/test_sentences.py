"""Oracle: the rule, step by step."""

import numpy as np
import pytest

from sfsign_jax.recognition.sentences import (
    PauseRule,
    StepChunk,
    find_sentences,
    sentences,
    usual_pause,
)

RULE = PauseRule(pause_steps=4, blank=0.9, margin_steps=1)


def blank(*lengths):
    """Blank for so many steps, then gloss for so many, and so on."""
    values = [0.1 if i % 2 else 0.95 for i, n in enumerate(lengths) for _ in range(n)]
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((0,), []),
        ((30,), []),
        ((2, 5, 2), [(0, 9)]),  # as far as the clip goes
        ((3, 5, 3), [(0, 11)]),
        ((4, 5, 4), [(3, 10)]),  # pauses before and after it
        ((2, 5, 3, 5, 2), [(0, 17)]),  # too short a pause
        ((0, 5, 4, 5), [(0, 6), (8, 14)]),
        ((9, 1, 10, 5, 1), [(8, 11), (19, 26)]),
    ],
)
def test_rule(lengths, expected):
    assert find_sentences(blank(*lengths), RULE) == expected


@pytest.mark.parametrize(
    ("margin_steps", "expected"), [(0, [(0, 5), (9, 14)]), (2, [(0, 7), (7, 16)])]
)
def test_a_sentence_keeps_as_much_of_the_pauses_as_it_is_told(margin_steps, expected):
    rule = RULE._replace(margin_steps=margin_steps)
    assert find_sentences(blank(0, 5, 4, 5, 4), rule) == expected


@pytest.mark.parametrize("margin_steps", [0, 1, 2])
def test_the_parts_change_nothing(margin_steps):
    rule = RULE._replace(margin_steps=margin_steps)
    rng = np.random.default_rng(0)
    for _ in range(300):
        probability = blank(*rng.integers(1, 14, 12))
        steps = StepChunk(np.arange(len(probability))[:, None], probability)
        cuts = np.sort(rng.integers(0, len(probability), rng.integers(0, 9)))
        pieces = [np.split(x, cuts) for x in steps]
        parts = [StepChunk(*pair) for pair in zip(*pieces, strict=True)]
        found = [(first, inputs[:, 0].tolist()) for first, inputs in sentences(parts, rule)]
        expected = find_sentences(probability, rule)
        assert found == [(first, [*range(first, stop)]) for first, stop in expected]


def test_a_sentence_comes_out_before_the_video_ends():
    def parts():
        yield StepChunk(np.zeros((13, 1)), blank(2, 3, 8))
        raise AssertionError("the sentence was known already")

    first, inputs = next(sentences(parts(), RULE))
    assert (first, len(inputs)) == (0, 6)


def test_a_long_pause_is_forgotten():
    """What waits is what a sentence may begin with."""

    def parts():
        for _ in range(100):
            yield StepChunk(np.zeros((50, 1)), blank(50))
        yield StepChunk(np.zeros((3, 1)), blank(0, 3))

    ((first, inputs),) = sentences(parts(), RULE)
    assert (first, len(inputs)) == (4999, 4)


def test_signs_that_take_long_are_far_from_each_other_without_a_pause():
    assert usual_pause(12) == 25
    assert usual_pause(24) == 42
