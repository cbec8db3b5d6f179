"""A corpus of noise, and what a network predicts for it."""

import functools

import cv2
import numpy as np
from oracle import small_config
from small_dataset import DATASET, evaluation_batches
from small_dataset import small_config as run_config

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.recognition.network import Network, clip_logits
from sfsign_jax.recognition.split import predict_split
from sfsign_jax.runtime.mesh import clip_mesh, replicate

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
    mesh = clip_mesh(devices)
    network = replicate(Network(state, MODEL, Preprocessing((40, 40), (32, 32))), mesh)
    logits_of = functools.partial(clip_logits, network, padding=padding)
    batches = evaluation_batches(config, padding=padding, dataset=CORPUS, devices=devices)
    return predict_split(logits_of, batches, "ABCDEFGH", mesh)
