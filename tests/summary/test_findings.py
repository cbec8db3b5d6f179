"""Oracle: a corpus made by hand, in which everything that is wrong is known."""

import numpy as np
import pytest

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.evaluation import word_error_rate
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.summary.findings import findings

PUBLISHED = ModelConfig(num_classes=2).temporal_stack


def clip(name, glosses, num_frames=40, signer="ann", checksum=""):
    return ClipFacts(name, num_frames, tuple(glosses.split()), signer, checksum or name)


WHOLE = {
    "train": (clip("a", "SUN RAIN"), clip("b", "RAIN SUN")),
    "dev": (clip("c", "SUN"),),
    "test": (clip("d", "RAIN", signer="ida"),),
}


def found(change, references=None, rows=None):
    return [
        (finding.problem, list(finding.items))
        for finding in findings(WHOLE | change, references or {}, rows or {}, PUBLISHED)
    ]


def test_nothing_is_found_where_nothing_is_wrong():
    assert found({}) == []


def test_a_gloss_that_only_dev_has_is_the_floor_of_its_wer():
    change = {"dev": (clip("c", "SUN HAIL"), clip("e", "HAIL FOG SUN"))}
    [(problem, items)] = found(change)
    assert (
        problem
        == "dev: train lacks 2 glosses, 3 of the 5 that are scored: the WER is at least 60.0 %"
    )
    assert items == ["HAIL, 2 times: c, e", "FOG, 1 time: e"]


def test_no_prediction_is_better_than_the_floor():
    """Of all sentences of train's glosses, as long as they may be: none has a lower WER."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        reference = rng.choice([*"ABCXYZ"], 6).tolist()
        change = {
            "train": (clip("a", "A B C"), clip("b", "A B C")),
            "dev": (clip("c", " ".join(reference)),),
            "test": (clip("d", "A"),),
        }
        floors = [problem.split()[-2] for problem, _ in found(change)]
        floor = float(floors[0]) if floors else 0.0
        best = [gloss if gloss in "ABC" else "A" for gloss in reference]
        assert word_error_rate({"c": reference}, {"c": best}).rate >= floor - 0.05
        assert floor == pytest.approx(100 * sum(g in "XYZ" for g in reference) / 6, abs=0.05)


def test_scoring_knows_the_references_of_the_corpus_and_cleans_predictions():
    dev = {"dev": (clip("c", "loc-NORD"),)}
    train = {"train": (clip("a", "loc-NORD"), clip("b", "loc-NORD RAIN RAIN"))}
    assert found(dev | train, {"dev": {"c": "NORD"}}) == []
    assert found(dev | train, {"dev": {"c": "NORD SUED"}})[0][1] == ["SUED, 1 time: c"]
    [(problem, items)] = found(dev | train)
    assert problem == (
        "dev: scoring cleans predictions and never finds 1 gloss, 1 of the 1 that are scored: the "
        "WER is at least 100.0 %"
    )
    assert items == ["loc-NORD, 1 time: c"]
    assert word_error_rate({"c": ["loc-NORD"]}, {"c": ["loc-NORD"]}).rate == 100


def test_a_video_in_two_splits_under_another_name():
    [(problem, items)] = found({"test": (clip("d", "SUN RAIN", checksum="a"),)})
    assert problem.startswith("1 video is in more than one split")
    assert items == ["train: a = test: d"]


def test_a_video_twice_in_one_split_with_other_glosses():
    [(problem, items)] = found({"train": (*WHOLE["train"], clip("e", "SUN", checksum="b"))})
    assert problem.startswith("1 video is more than once in a split")
    assert items == ["train: b = train: e, with other glosses: RAIN SUN / SUN"]


def test_copies_are_not_known_of_datasets_of_an_earlier_version():
    unknown = {
        split: tuple(one._replace(signer="", checksum="") for one in own)
        for split, own in WHOLE.items()
    }
    assert found(unknown) == []


def test_clips_that_are_too_short_are_named_with_their_row():
    """An alignment needs a step for each gloss and one between equal ones: here 3, and 8 frames
    of the published network are 2."""
    short = clip("e", "RAIN RAIN", num_frames=8)
    change = {"dev": (clip("c", "SUN"), short)}
    [(problem, items)] = found(change, rows={"dev": ["t, line 2", "t, line 3"]})
    assert problem.startswith(
        "1 clip has fewer steps than the glosses need in the published network"
    )
    assert items == ["t, line 3: clip e: its 2 glosses need 3 steps, and 8 frames are 2"]
    assert found(change)[0][1][0].startswith("dev: clip e: ")


def test_glosses_that_train_has_once():
    [(problem, items)] = found({"train": (*WHOLE["train"], clip("e", "FOG SUN WIND SUN"))})
    assert problem == "2 of the 4 glosses of train are signed once"
    assert items == ["FOG: e", "WIND: e"]
