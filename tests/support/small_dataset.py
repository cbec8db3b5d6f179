"""A dataset in memory whose every frame says which clip and which frame it is."""

import cv2
import numpy as np

import sfsign_jax.data.evaluation_batches as evaluation
import sfsign_jax.data.training_batches as module
from sfsign_jax.configuration import published_config
from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.evaluation_batches import evaluation_order
from sfsign_jax.data.frame_clips import EvaluationFrames, TrainingFrames
from sfsign_jax.runtime.mesh import clip_mesh
from sfsign_jax.training import from_config


def record(i, frames=6):
    """Grey value 10 t + i in frame t of clip i."""
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
    num_frames={"train": (6, 6, 6, 6, 6), "dev": (9, 12, 5)},
    splits={
        "train": [record(i) for i in range(5)],
        "dev": [record(7, 9), record(8, 12), record(9, 5)],
    },
)


def training_batches(config, first, stop, dataset=DATASET):
    clips = TrainingFrames(
        dataset, from_config.augmentation(config), config.data.max_labels, config.seed
    )
    batching = from_config.batching(config, config.training.batch_size)
    return module.training_batches(clips, batching, first, stop, clip_mesh(1))


def evaluation_batches(config, split="dev", padding="masked", dataset=DATASET, devices=1):
    clips = EvaluationFrames(dataset, split)
    batching = from_config.batching(config, config.evaluation.batch_size)
    order = evaluation_order(clips.lengths, padding)
    return evaluation.evaluation_batches(clips, batching, order, clip_mesh(devices))


def small_config(**data):
    config = published_config()
    config.data.update({"crop_size": (32, 32), "min_frames": 4, "buckets": (8,), "max_labels": 3})
    config.data.update(data)
    return config
