"""A batch of noise to train on."""

import numpy as np


def batch(bucket=16, labels=((1, 2), (3, 0)), num_frames=(14, 11)):
    rng = np.random.default_rng(0)
    frames = np.zeros((2, bucket, 40, 40, 3), np.uint8)
    for row, n in zip(frames, num_frames, strict=True):
        row[:n] = rng.integers(0, 256, (n, 40, 40, 3))
    return {
        "frames": frames,
        "num_frames": np.array(num_frames, np.int32),
        "corner": np.array([[0, 3], [8, 1]], np.int32),
        "flip": np.array([True, False]),
        "labels": np.array(labels, np.int32),
        "num_labels": np.array([2, 1], np.int32),
    }
