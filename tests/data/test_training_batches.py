import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_dataset import DATASET, small_config, training_batches

import sfsign_jax.data.training_batches as module
from sfsign_jax.errors import UserError

STEPS = 2  # of an epoch: five clips, two a batch


def batches(config, epochs=2, dataset=DATASET):
    return [
        {name: np.asarray(array) for name, array in batch.items()}
        for batch in training_batches(config, 0, epochs * STEPS, dataset)
    ]


def assert_equal(first, second):
    for ours, theirs in zip(first, second, strict=True):
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name])


def clips_of(epoch):
    """Which clips an epoch saw: the first frame's grey value names the clip."""
    return [int(v) % 10 for batch in epoch for v in batch["frames"][:, 0, 0, 0, 0]]


def test_epochs_are_whole_shuffled_and_drop_the_rest():
    seen = batches(small_config(rescale=0.0), epochs=4)
    epochs = [clips_of(seen[i : i + STEPS]) for i in range(0, len(seen), STEPS)]
    assert all(len(set(epoch)) == 4 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_the_seed_alone_decides():
    assert_equal(batches(small_config()), batches(small_config()))
    other = small_config()
    other.seed = 1
    pairs = zip(batches(small_config()), batches(other), strict=True)
    assert any(not np.array_equal(a["corner"], b["corner"]) for a, b in pairs)


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_changes_nothing(workers):
    config = small_config(workers=workers)
    assert_equal(batches(small_config()), batches(config))


def test_a_run_goes_on_at_any_batch_in_another_process(tmp_path):
    code = (
        "import sys, numpy, small_dataset as s\n"
        "batches = s.training_batches(s.small_config(), 3, 6)\n"
        "numpy.savez(sys.argv[1], **{f'{i}/{k}': v for i, b in enumerate(batches)"
        " for k, v in b.items()})"
    )
    saved = tmp_path / "batches.npz"
    folder = Path(__file__).parents[1] / "support"
    subprocess.run([sys.executable, "-c", code, saved], cwd=folder, check=True)
    rest = batches(small_config(), epochs=3)[3:]
    with np.load(saved) as arrays:
        assert_equal(rest, [{k: arrays[f"{i}/{k}"] for k in rest[i]} for i in range(3)])


def test_processes_of_a_run_share_its_batches(monkeypatch):
    whole = batches(small_config())
    halves = []
    for row in (slice(0, 1), slice(1, 2)):
        monkeypatch.setattr(module, "process_rows", lambda size, row=row: row)
        halves.append(batches(small_config()))
    joined = [
        {name: np.concatenate([a[name], b[name]]) for name in a}
        for a, b in zip(*halves, strict=True)
    ]
    assert_equal(whole, joined)


def test_frames_are_those_that_were_drawn():
    """In order, none invented; a repeated one is decoded once and equal."""
    config = small_config(min_frames=8)
    for batch in batches(config):
        for clip, n in zip(batch["frames"], batch["num_frames"], strict=True):
            numbers = clip[:n, 0, 0, 0] // 10
            assert n == 8
            assert np.all(np.diff(numbers.astype(int)) >= 0)
            assert len(set(clip[:n, 0, 0, 0] % 10)) == 1


def test_augmentation_differs_between_epochs():
    seen = batches(small_config(), epochs=8)
    assert len({str(batch["corner"].tolist()) for batch in seen}) > 8
    assert 0.2 < np.mean([flip for batch in seen for flip in batch["flip"]]) < 0.8


def test_shapes_and_labels():
    batch = batches(small_config())[0]
    assert batch["frames"].shape == (2, 8, 40, 40, 3)
    assert batch["labels"].shape == (2, 3)
    for labels, count in zip(batch["labels"], batch["num_labels"], strict=True):
        assert labels.tolist() == [1, 2, 0][:count] + [0] * (3 - count)


@pytest.mark.parametrize("workers", [0, 1])
def test_wrong_data_is_named(workers):
    unknown = DATASET._replace(vocabulary=("A",))
    with pytest.raises(UserError, match=r"clip clip[13] has the gloss 'B'"):
        batches(small_config(workers=workers), dataset=unknown)
    with pytest.raises(UserError, match="max_labels"):
        batches(small_config(max_labels=1, workers=workers))
    damaged = [dict(clip, frames=[b"no image"] * 6) for clip in DATASET.splits["train"]]
    with pytest.raises(UserError, match="frame 0 of clip"):
        batches(small_config(workers=workers), dataset=DATASET._replace(splits={"train": damaged}))
