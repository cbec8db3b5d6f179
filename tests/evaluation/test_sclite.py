import random
import stat
from itertools import groupby

import pytest
from nist_sclite import needs_sclite

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import sclite_word_error_rate, word_error_rate


def random_clips(seed, vocabulary):
    """200 references, and predictions without equal neighbours, some of them empty."""
    generator = random.Random(seed)
    references = {f"Clip_{i}": generator.choices(vocabulary, k=1 + i % 15) for i in range(200)}
    predictions = {}
    for clip_id, reference in references.items():
        words = [
            word
            for gloss in reference
            for word in generator.choice(
                [[gloss], [gloss], [], [generator.choice(vocabulary)], [gloss, vocabulary[0]]]
            )
        ]
        predictions[clip_id] = [word for word, _ in groupby(words)]
    return references, predictions


def alignment_cost(errors):
    return 4 * errors.substitutions + 3 * (errors.deletions + errors.insertions)


@needs_sclite
@pytest.mark.parametrize(
    "vocabulary",
    [["NORD", "WIE-AUSSEHEN", "S+H", "__ON__", "REGEN"], ["他", "今天", "P", "p", "4"]],
)
def test_sclite_aligns_at_the_same_cost_as_the_python_tool(vocabulary):
    for seed in range(3):
        references, predictions = random_clips(seed, vocabulary)
        assert any(not prediction for prediction in predictions.values())
        by_sclite = sclite_word_error_rate(references, predictions)
        by_python = word_error_rate(references, predictions)
        assert alignment_cost(by_sclite) == alignment_cost(by_python)
        assert by_sclite.words == by_python.words
        # Only the choice between alignments of equal cost is sclite's own.
        assert by_sclite.rate == pytest.approx(by_python.rate, abs=0.5)


@needs_sclite
def test_sclite_counts_each_equal_neighbour():
    references, predictions = {"a": ["X", "Y"]}, {"a": ["X", "X", "X", "Y"]}
    assert sclite_word_error_rate(references, predictions) == (100.0, 0, 0, 2, 2)
    assert word_error_rate(references, predictions).errors == 0


@needs_sclite
def test_order_and_missing_clips():
    references = {"b": ["X", "Y"], "a": ["Z"]}
    assert sclite_word_error_rate(references, {"a": ["Z"], "b": ["X", "Y"]}).errors == 0
    with pytest.raises(UserError, match=r"no prediction for 1 clip \(b\)"):
        sclite_word_error_rate(references, {"a": ["Z"]})
    errors = sclite_word_error_rate(references, {"a": ["Z"]}, missing_as_empty=True)
    assert errors == (2 / 3 * 100, 1, 1, 0, 3)


def test_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get install sctk"):
        sclite_word_error_rate({"a": ["X"]}, {"a": ["X"]})


@pytest.mark.parametrize(
    "script",
    ["echo broken >&2; exit 3", "echo broken", "echo 'broken | Sum | 2 9 | 9 0 0 0 0 0 |'"],
)
def test_a_failure_is_never_a_number(tmp_path, monkeypatch, script):
    sclite = tmp_path / "sclite"
    sclite.write_text(f"#!/bin/sh\n{script}\n")
    sclite.chmod(sclite.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        UserError, match=r"sclite failed( with status \d.* broken|: it counted 9 words)"
    ):
        sclite_word_error_rate({"a": ["X"]}, {"a": ["X"]})
