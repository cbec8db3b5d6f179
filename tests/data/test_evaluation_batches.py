import cv2
import numpy as np
import pytest
from small_dataset import DATASET, evaluation_batches, record, small_config

from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.errors import UserError


def dev_batches(dataset=DATASET, batch_size=2, padding="masked", **data):
    config = small_config(**data)
    config.evaluation.batch_size = batch_size
    return list(evaluation_batches(config, padding=padding, dataset=dataset))


@pytest.mark.parametrize("workers", [0, 2])
def test_whole_clips_longest_first(workers):
    first, second = dev_batches(buckets=(6, 12), workers=workers)
    assert (first.ids, second.ids) == (("clip8", "clip7"), ("clip9",))
    assert first.inputs.shape == (2, 12, 40, 40, 3)
    assert first.num_frames.tolist() == [12, 9]
    assert first.inputs[1, :9, 0, 0, 0].tolist() == [10 * t + 7 for t in range(9)]
    assert (first.signers, first.glosses) == (("anna", "anna"), (("A",), ("A", "B")))


def test_the_last_batch_repeats_its_first_clip():
    second = dev_batches(buckets=(6, 12))[1]
    assert second.inputs.shape == (2, 6, 40, 40, 3)
    assert second.num_frames.tolist() == [5, 5]
    np.testing.assert_array_equal(*second.inputs)


def test_published_batches_are_in_the_tables_order():
    assert [batch.ids for batch in dev_batches(padding="reference")] == [
        ("clip7", "clip8"),
        ("clip9",),
    ]


def test_references_are_what_evaluation_scores_against():
    dataset = DATASET._replace(references={"dev": {"clip7": "B A B"}})
    (batch,) = dev_batches(dataset, batch_size=3)
    assert dict(zip(batch.ids, batch.glosses, strict=True))["clip7"] == ("B", "A", "B")


def test_top_rows_are_dropped_where_the_dataset_says_so():
    bright = np.zeros((40, 40, 3), np.uint8)
    bright[:8] = 255
    images = [cv2.imencode(".png", bright)[1].tobytes()]
    dataset = DATASET._replace(
        splits={"dev": [record(1) | {"frames": images}]}, num_frames={"dev": (1,)}
    )
    whole, cut = (dev_batches(d)[0] for d in (dataset, dataset._replace(drop_top_rows=8)))
    assert whole.inputs.shape == cut.inputs.shape
    assert whole.inputs[:, 0, :8].all()
    assert not cut.inputs.any()


def test_wrong_data(tmp_path):
    with pytest.raises(UserError, match="prepare"):
        open_dataset("phoenix2014", tmp_path)
