import json
import random
import re
from pathlib import Path

import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import WordErrors, align, clip_errors, word_error_rate

# 25 clips of the PHOENIX2014 dev set, predictions made from them by random errors, and what the
# published Python tool counts for each.
SCORED_CLIPS = json.loads((Path(__file__).parent / "fixtures" / "scored_clips.json").read_text())
REFERENCES = {clip["id"]: clip["reference"].split() for clip in SCORED_CLIPS}
PREDICTIONS = {clip["id"]: clip["prediction"].split() for clip in SCORED_CLIPS}

COSTS = {"correct": 0, "substitution": 4, "deletion": 3, "insertion": 3}


def operations(reference, hypothesis):
    return [word.operation for word in align(list(reference), list(hypothesis))]


def cost(reference, hypothesis):
    return sum(COSTS[operation] for operation in operations(reference, hypothesis))


def random_words(generator, longest):
    return generator.choices("ABC", k=generator.randint(0, longest))


def every_alignment(reference, hypothesis):
    """All alignments that pair equal words wherever they meet, as tuples of operations."""
    if not reference and not hypothesis:
        yield ()
    elif reference and hypothesis and reference[-1] == hypothesis[-1]:
        for path in every_alignment(reference[:-1], hypothesis[:-1]):
            yield (*path, "correct")
    else:
        if reference and hypothesis:
            for path in every_alignment(reference[:-1], hypothesis[:-1]):
                yield (*path, "substitution")
        if reference:
            for path in every_alignment(reference[:-1], hypothesis):
                yield (*path, "deletion")
        if hypothesis:
            for path in every_alignment(reference, hypothesis[:-1]):
                yield (*path, "insertion")


def best_alignment(reference, hypothesis):
    """The cheapest one; the last step at which several differ decides, in the order of COSTS."""
    order = list(COSTS)
    return min(
        every_alignment(reference, hypothesis),
        key=lambda path: (
            sum(COSTS[operation] for operation in path),
            [order.index(operation) for operation in reversed(path)],
        ),
    )


def test_align_finds_the_best_of_all_alignments():
    generator = random.Random(0)
    for _ in range(500):
        reference, hypothesis = random_words(generator, 5), random_words(generator, 5)
        assert tuple(operations(reference, hypothesis)) == best_alignment(reference, hypothesis)


def test_align_keeps_every_word_in_order():
    generator = random.Random(1)
    for _ in range(200):
        reference, hypothesis = random_words(generator, 12), random_words(generator, 12)
        aligned = align(reference, hypothesis)
        assert [word.reference for word in aligned if word.reference] == reference
        assert [word.hypothesis for word in aligned if word.hypothesis] == hypothesis
        for word in aligned:
            assert (word.operation == "correct") == (word.reference == word.hypothesis)


def test_align_properties():
    generator = random.Random(2)
    for _ in range(200):
        one, other = random_words(generator, 12), random_words(generator, 12)
        assert set(operations(one, one)) <= {"correct"}
        assert cost(one, other) == cost(other, one)
        assert operations(one, []) == ["deletion"] * len(one)
        assert operations([], other) == ["insertion"] * len(other)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        # A substitution is preferred to a deletion at the same cost, and counted from the end.
        ("AB", "C", ["deletion", "substitution"]),
        ("A", "BC", ["insertion", "substitution"]),
        # Two errors at cost 6 beat two substitutions at cost 8, one substitution beats both.
        ("AB", "BC", ["deletion", "correct", "insertion"]),
        ("A", "B", ["substitution"]),
        # Three substitutions cost as much as two deletions and two insertions.
        ("AAB", "BCC", ["substitution"] * 3),
    ],
)
def test_align_by_hand(reference, hypothesis, expected):
    assert operations(reference, hypothesis) == expected


def test_published_counts_of_each_clip():
    counted = clip_errors(REFERENCES, PREDICTIONS)
    assert list(counted) == list(REFERENCES)
    for clip in SCORED_CLIPS:
        errors = counted[clip["id"]]
        assert (errors.substitutions, errors.deletions, errors.insertions, errors.words) == (
            clip["substitutions"],
            clip["deletions"],
            clip["insertions"],
            len(clip["reference"].split()),
        )


def test_clips_of_twenty_thousand_glosses_are_refused():
    with pytest.raises(UserError, match="clip a: 20000 words against 20000 are too many to align"):
        word_error_rate({"a": 10_000 * ["X", "Y"]}, {"a": 10_000 * ["X", "Y"]})


def test_rate_is_over_all_words_not_the_mean_of_the_clips():
    total = word_error_rate(REFERENCES, PREDICTIONS)
    assert total == WordErrors(31.85483870967742, 20, 36, 23, 248)
    assert total.errors == 79


def test_no_error():
    assert word_error_rate(REFERENCES, REFERENCES) == WordErrors(0.0, 0, 0, 0, 248)


def test_a_rate_can_pass_100():
    assert word_error_rate({"a": ["X"]}, {"a": ["X", "Y", "Z", "Y"]}).rate == 300


def test_predictions_are_cleaned_and_then_merged():
    references = {"a": ["NORD", "REGEN"]}
    predictions = {"a": ["loc-NORD", "NORDRAUM", "__PU__", "NORD", "REGEN"]}
    assert word_error_rate(references, predictions).errors == 0


def test_references_are_taken_as_they_are():
    references = {"a": ["NORD", "NORD", "poss-SEIN"]}
    predictions = {"a": ["NORD", "poss-SEIN"]}
    errors = word_error_rate(references, predictions)
    assert (errors.substitutions, errors.deletions, errors.words) == (1, 1, 3)


@pytest.mark.parametrize("prediction", [[], ["__PU__", "__EMOTION__"], ["[EMPTY]"]])
def test_a_prediction_with_nothing_left_is_one_wrong_word(prediction):
    errors = word_error_rate({"a": ["X", "Y", "Z"]}, {"a": prediction})
    assert errors == WordErrors(100.0, 1, 2, 0, 3)


def test_missing_prediction():
    references = {"a": ["X"], "b": ["X"], "c": ["X"], "d": ["X"], "e": ["X"]}
    with pytest.raises(UserError, match=r"no prediction for 4 clips \(b, c, d, \.\.\.\) of 5"):
        word_error_rate(references, {"a": ["X"]})
    assert word_error_rate(references, {"a": ["X"]}, missing_as_empty=True).rate == 80


def test_unknown_prediction():
    with pytest.raises(UserError, match=r"no reference for 1 clip \(other\)"):
        word_error_rate({"a": ["X"]}, {"a": ["X"], "other": ["X"]})


def test_empty_reference():
    with pytest.raises(UserError, match=r"no reference gloss for 1 clip \(b\)"):
        word_error_rate({"a": ["X"], "b": []}, {"a": ["X"], "b": ["X"]})
    with pytest.raises(UserError, match="no reference clips"):
        word_error_rate({}, {})


def test_order_of_the_clips_does_not_matter():
    shuffled = dict(reversed(PREDICTIONS.items()))
    assert word_error_rate(REFERENCES, shuffled) == word_error_rate(REFERENCES, PREDICTIONS)


def test_a_notebook_shows_rates_and_counts():
    """Two words of eight substituted, one inserted."""
    table = WordErrors(37.5, 2, 0, 1, 8)._repr_html_()
    cells = re.sub("<[^>]*>", " ", table).split()
    assert " ".join(cells) == (
        "WER 37.50 % 3 substitutions 25.00 % 2 deletions 0.00 % 0 insertions 12.50 % 1 words 8"
    )
