"""What varies in training: which frames of a clip are kept, which crop, which side is left."""

import math

import numpy as np
from jaxtyping import Int
from ml_collections import ConfigDict


def kept_frames(
    num_frames: int, data: ConfigDict, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """The frames of a clip that a training step sees: every k-th, then the temporal rescale.

    `data` is the part of a config with frame_interval, rescale, min_frames and max_frames.
    """
    kept = interval_frames(num_frames, data.frame_interval, rng)
    longest = math.ceil(data.max_frames / data.frame_interval)
    length = rescaled_length(len(kept), data.rescale, data.min_frames, longest, rng)
    return kept[rescale_frames(len(kept), length, rng)]


def interval_frames(
    num_frames: int, interval: int, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Frames r, r + interval, …, r uniform in [0, interval)."""
    start = int(rng.integers(min(interval, num_frames)))
    return np.arange(start, num_frames, interval)


def rescaled_length(
    num_frames: int, share: float, shortest: int, longest: int, rng: np.random.Generator
) -> int:
    """A length up to `share` longer or shorter, within bounds, rounded up to a multiple of 4."""
    length = int(num_frames * rng.uniform(1 - share, 1 + share))
    length = min(max(length, shortest), longest)
    return math.ceil(length / 4) * 4


def rescale_frames(
    num_frames: int, length: int, rng: np.random.Generator
) -> Int[np.ndarray, " length"]:
    """`length` of the frames, in order; repeated only where the clip has fewer."""
    return np.sort(rng.choice(num_frames, length, replace=length > num_frames))


def random_corner(
    frame_size: tuple[int, int], crop_size: tuple[int, int], rng: np.random.Generator
) -> Int[np.ndarray, " 2"]:
    """Top and left of a crop, every position equally likely."""
    return np.array(
        [rng.integers(f - c + 1) for f, c in zip(frame_size, crop_size, strict=True)], np.int32
    )
