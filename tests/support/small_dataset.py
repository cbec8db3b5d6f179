"""A dataset in memory whose every frame says which clip and which frame it is."""

import cv2
import numpy as np

from sfsign_jax.configuration import published_config
from sfsign_jax.data.catalog import Dataset


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


def small_config(**data):
    config = published_config()
    config.data.update({"crop_size": (32, 32), "min_frames": 4, "buckets": (8,), "max_labels": 3})
    config.data.update(data)
    return config
