"""Oracles: one spelling of each gloss, written out by hand; frames that say whose they are."""

import pytest
from small_dataset import DATASET, record

from sfsign_jax.data.augmentation import Augmentation
from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.frame_clips import EvaluationFrames, TrainingFrames, glosses_of, reference
from sfsign_jax.data.training_batches import label_rows
from sfsign_jax.errors import UserError

RECORD = {"id": b"x", "glosses": ["U\u0308BER".encode(), "A\u200b".encode()]}


def test_datasets_prepared_before_may_hold_other_spellings():
    assert glosses_of(RECORD) == ("ÜBER", "A")
    rows = label_rows({"x": glosses_of(RECORD)}, ("A", "ÜBER"), 3)
    assert rows["labels"].tolist() == [[2, 1, 0]]


def test_references_are_cleaned_too():
    dataset = Dataset("d", ("A",), (8, 8), {}, {}, references={"dev": {"x": "U\u0308  A\u200b"}})
    assert reference(dataset, "dev", RECORD) == ("Ü", "A")
    assert reference(dataset, "test", RECORD) == ("ÜBER", "A")


def test_a_split_that_is_not_there():
    dataset = Dataset("d", ("A",), (8, 8), {"train": [], "test": []}, {})
    with pytest.raises(UserError, match="d has no split 'dev', only train, test"):
        EvaluationFrames(dataset, "dev")


def test_a_joined_clip_has_the_frames_and_glosses_of_all_its_clips_and_one_signer():
    # Clips 0, 2, 4 are anna's and 1, 3 are ben's.
    train = [record(i, frames=4) | {"signer": (b"anna", b"ben")[i % 2]} for i in range(5)]
    dataset = DATASET._replace(splits={"train": train}, num_frames={"train": (4,) * 5})
    augmentation = Augmentation(
        join=1.0, rescale=0.0, min_frames=4, max_frames=12, crop_size=(32, 32)
    )
    clips = TrainingFrames(dataset, augmentation, 8, seed=0)
    seen = set()
    for epoch in range(20):
        lengths = clips.lengths(epoch)
        batch = clips.load(epoch, range(5), 16)
        for clip in range(5):
            members = clips.joined(epoch, clip)
            seen.add(tuple(members))
            assert {member % 2 for member in members} == {clip % 2}
            assert (len(members), lengths[clip], batch["num_frames"][clip]) == (3, 12, 12)
            frames = [10 * t + member for member in members for t in range(4)]
            assert batch["frames"][clip, :12, 0, 0, 0].tolist() == frames
            glosses = [gloss for m in members for gloss in ((1,), (1, 2))[m % 2]]
            assert batch["labels"][clip, : batch["num_labels"][clip]].tolist() == glosses
    assert len(seen) > 10


def test_without_signers_any_clip_may_follow():
    train = [record(i) | {"signer": b""} for i in range(5)]
    augmentation = Augmentation(join=1.0, max_frames=12)
    clips = TrainingFrames(DATASET._replace(splits={"train": train}), augmentation, 8, seed=0)
    followers = {clips.joined(epoch, 0)[1] for epoch in range(100)}
    assert followers == {0, 1, 2, 3, 4}
