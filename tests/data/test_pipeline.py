import cv2
import numpy as np
import pytest

from sfsign_jax.configuration import published_config
from sfsign_jax.data.catalog import Dataset, open_dataset
from sfsign_jax.data.pipeline import evaluation_clips, training_batches
from sfsign_jax.errors import UserError


def record(i, frames=6):
    images = [
        cv2.imencode(".png", np.full((40, 40, 3), 10 * t + i, np.uint8))[1] for t in range(frames)
    ]
    return {
        "id": f"clip{i}".encode(),
        "signer": b"anna",
        "glosses": [b"A", b"B"][: 1 + i % 2],
        "frames": [image.tobytes() for image in images],
    }


DATASET = Dataset(
    name="test",
    vocabulary=("A", "B"),
    frame_size=(40, 40),
    splits={"train": [record(i) for i in range(5)], "dev": [record(7, 9)]},
)


def small_config(**data):
    config = published_config()
    config.data.update({"crop_size": (32, 32), "min_frames": 4, "buckets": (8,), "max_labels": 3})
    config.data.update(data)
    return config


def batches(config, epochs=2):
    return list(training_batches(DATASET, config, epochs))


def clips_of(epoch):
    """Which clips an epoch saw: the first frame's grey value names the clip."""
    return [int(v) % 10 for batch in epoch for v in batch["frames"][:, 0, 0, 0, 0]]


def test_epochs_are_whole_shuffled_and_drop_the_rest():
    seen = batches(small_config(rescale=0.0))
    assert len(seen) == 4
    epochs = [clips_of(seen[:2]), clips_of(seen[2:])]
    assert all(len(set(epoch)) == 4 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_the_seed_alone_decides():
    first, second = batches(small_config()), batches(small_config())
    for ours, again in zip(first, second, strict=True):
        assert ours.keys() == again.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, again[name])
    other = small_config()
    other.seed = 1
    pairs = zip(first, batches(other), strict=True)
    assert any(not np.array_equal(a["corner"], b["corner"]) for a, b in pairs)


def test_augmentation_differs_between_epochs():
    corners = [batch["corner"].tolist() for batch in batches(small_config(), epochs=8)]
    flips = [flip for batch in batches(small_config(), epochs=8) for flip in batch["flip"]]
    assert len({str(corner) for corner in corners}) > 8
    assert 0.2 < np.mean(flips) < 0.8


def test_shapes_and_labels():
    batch = batches(small_config())[0]
    assert batch["frames"].shape == (2, 8, 40, 40, 3)
    assert batch["labels"].shape == (2, 3)
    for labels, count in zip(batch["labels"], batch["num_labels"], strict=True):
        assert labels.tolist() == [1, 2, 0][:count] + [0] * (3 - count)


def test_evaluation_clips_are_whole():
    (clip,) = evaluation_clips(DATASET, "dev")
    assert (clip.id, clip.signer, clip.glosses, clip.frames.shape) == (
        "clip7",
        "anna",
        ("A", "B"),
        (9, 40, 40, 3),
    )


def test_wrong_data(tmp_path):
    with pytest.raises(UserError, match="no split 'tset'"):
        evaluation_clips(DATASET, "tset")
    with pytest.raises(UserError, match="prepare"):
        open_dataset("phoenix2014", tmp_path)
    unknown = DATASET._replace(vocabulary=("A",))
    with pytest.raises(UserError, match="'B'"):
        list(training_batches(unknown, small_config(), 1))
    with pytest.raises(UserError, match="max_labels"):
        list(training_batches(DATASET, small_config(max_labels=1), 1))


def test_references_are_what_evaluation_scores_against():
    dataset = DATASET._replace(references={"dev": {"clip7": "B A B"}})
    (clip,) = evaluation_clips(dataset, "dev")
    assert clip.glosses == ("B", "A", "B")


def test_top_rows_are_dropped_where_the_dataset_says_so():
    (whole,) = evaluation_clips(DATASET, "dev")
    bright = np.zeros((1, 40, 40, 3), np.uint8)
    bright[:, :8] = 255
    image = cv2.imencode(".png", bright[0])[1].tobytes()
    dataset = DATASET._replace(splits={"dev": [record(1) | {"frames": [image]}]}, drop_top_rows=8)
    (clip,) = evaluation_clips(dataset, "dev")
    assert whole.frames.shape[1:] == clip.frames.shape[1:]
    assert not clip.frames.any()
