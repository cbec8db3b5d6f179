"""Whole splits to glosses: what may not depend on the batch does not."""

import functools

import cv2
import jax
import numpy as np
import pytest
from flax import nnx
from oracle import oracle_of, small_config, state_of
from small_dataset import DATASET
from small_dataset import small_config as run_config

from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.inference import clip_logits, predict_split
from sfsign_jax.parallel import clip_mesh, whole

MODEL = small_config(num_classes=9, weight_norm=False)
LENGTHS = (21, 9, 33, 14, 40, 27, 12)


def noisy_record(number, length):
    rng = np.random.default_rng(number)
    images = [cv2.imencode(".png", rng.integers(0, 256, (40, 40, 3)))[1] for _ in range(length)]
    return {
        "id": f"clip{number}".encode(),
        "signer": b"anna",
        "glosses": [b"A"],
        "frames": [image.tobytes() for image in images],
    }


CORPUS = DATASET._replace(
    num_frames={"dev": LENGTHS},
    splits={"dev": [noisy_record(i, n) for i, n in enumerate(LENGTHS)]},
)


def predictions(state, batch_size, padding="masked", devices=1):
    config = run_config(buckets=(16, 40))
    config.evaluation.batch_size = batch_size
    order = evaluation_order(LENGTHS, padding)
    network = functools.partial(
        clip_logits,
        whole(state, clip_mesh(devices)),
        config=MODEL,
        preprocessing=Preprocessing((40, 40), (32, 32)),
        padding=padding,
    )
    mesh = clip_mesh(devices)
    batches = evaluation_batches(CORPUS, "dev", config, order, mesh)
    return predict_split(network, batches, "ABCDEFGH", mesh)


@pytest.fixture(scope="module")
def state():
    return state_of(MODEL, oracle_of(MODEL))


def test_the_batch_size_changes_nothing_in_masked_padding(state):
    alone, pairs, many = (predictions(state, size) for size in (1, 2, 8))
    assert len({tuple(glosses) for glosses in alone.conv.values()}) > 1
    assert alone._asdict().keys() == pairs._asdict().keys()
    for name, by_clip in alone._asdict().items():
        assert by_clip == getattr(pairs, name) == getattr(many, name)
    assert set(alone.signers.values()) == {"anna"}


def test_the_number_of_devices_changes_nothing(state):
    """In reference padding: fillers for devices without a clip change no neighbours."""
    alone = predictions(state, 2, "reference")
    assert predictions(state, 2, "reference", devices=8) == alone


def test_a_network_whose_outputs_are_not_finite_predicts_nothing(state):
    broken = jax.tree.map(lambda x: x * np.nan, state)
    with pytest.raises(UserError, match="outputs for clip clip4 are not finite"):
        predictions(nnx.State(broken), 2)
