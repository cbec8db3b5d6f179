"""Oracle: counts by hand."""

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.summary.table import split_table

CLIPS = {
    "train": (
        ClipFacts("a", 10, ("SUN", "RAIN"), "ann"),
        ClipFacts("b", 20, ("SUN",), "ben"),
        ClipFacts("c", 25, ("SUN", "SUN", "FOG"), "ann"),
    ),
    "dev": (ClipFacts("d", 8, ("SUN",), "ann"), ClipFacts("e", 9, ("RAIN", "HAIL"), "cleo")),
    "test": (ClipFacts("f", 50, ("SUN", "RAIN"), "unknown"),),
}


def table(clips=CLIPS, frame_rate=None):
    return {row.name: dict(row.values) for row in split_table(clips, {}, frame_rate)}


def test_the_numbers_of_every_split():
    assert table() == {
        "clips": {"train": "3", "dev": "2", "test": "1"},
        "signers": {"train": "2", "dev": "2"},
        "signers that train lacks": {"dev": "1 (cleo)"},
        "shortest clip, frames": {"train": "10", "dev": "8", "test": "50"},
        "median clip, frames": {"train": "20", "dev": "8.5", "test": "50"},
        "longest clip, frames": {"train": "25", "dev": "9", "test": "50"},
        "glosses signed": {"train": "6", "dev": "3", "test": "2"},
        "distinct glosses": {"train": "3", "dev": "3", "test": "2"},
        "signed once": {"train": "2"},
        "glosses that train lacks": {"dev": "1", "test": "0"},
        "sentences that train has too": {"dev": "1", "test": "1"},
    }


def test_seconds_where_the_frame_rate_is_known():
    assert table(frame_rate=25)["median clip, frames"] == {
        "train": "20 (0.8\u00a0s)",
        "dev": "8.5 (0.34\u00a0s)",
        "test": "50 (2\u00a0s)",
    }


def test_whether_a_signer_is_new_is_not_known_where_one_of_train_is_not():
    somebody = CLIPS["train"][0]._replace(signer="unknown")
    assert "signers that train lacks" not in table(CLIPS | {"train": (somebody,)})


def test_rows_that_say_nothing_are_left_out():
    clips = {
        split: tuple(clip._replace(signer="", glosses=("SUN", f"{split}-1")) for clip in own)
        for split, own in CLIPS.items()
    }
    clips["train"] = tuple(clip._replace(glosses=("SUN",)) for clip in clips["train"])
    assert table(clips).keys() == {
        "clips",
        "shortest clip, frames",
        "median clip, frames",
        "longest clip, frames",
        "glosses signed",
        "distinct glosses",
        "glosses that train lacks",
    }
