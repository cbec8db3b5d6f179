"""What varies in training: which frames of a clip are kept, which crop, which side is left."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Int


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What is drawn for a clip; the defaults are the published ones.

    Raises:
        ValueError: a share that is none.
    """

    frame_interval: int = 1  # every k-th frame is kept
    rescale: float = 0.2  # clips are stretched or shortened by up to this share
    min_frames: int = 32  # … but to no fewer frames than this
    max_frames: int = 230  # … and no more than this / frame_interval
    crop_size: tuple[int, int] = (224, 224)  # height, width
    flip: float = 0.5  # share of the clips that are mirrored
    join: float = 0.0  # share of the clips that others follow, up to `max_frames` in all

    def __post_init__(self):
        for name in ("flip", "join"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise ValueError(f"{name} is {share}: a share, from 0 to 1")


class DrawnClip(NamedTuple):
    kept: Int[np.ndarray, " n"]  # numbers of its frames, ascending
    corner: Int[np.ndarray, " 2"]  # top and left of the crop
    flip: bool


def clip_rng(seed: int, epoch: int, clip: int) -> np.random.Generator:
    """What a clip's draws in an epoch come from: on nothing else do they depend."""
    return np.random.default_rng([seed, epoch, 1 + clip])


def joining_rng(seed: int, epoch: int, clip: int) -> np.random.Generator:
    """What it is decided by which clips follow a clip: of its own, so that the rest stays."""
    return np.random.default_rng([seed, epoch, 1 + clip, 1])


def joined_clips(
    first: int,
    candidates: Int[np.ndarray, " n"],
    sizes: Int[np.ndarray, "clips 2"],
    most: tuple[int, int],
    share: float,
    rng: np.random.Generator,
) -> list[int]:
    """A clip's number and, of a share of the clips, those of what follows it.

    They are random candidates, until none fits any more: sizes are clips' frames and glosses.
    New sentences out of known signs (random utterance concatenation, Lin et al., Interspeech
    2023): a BiLSTM learns the sentences of a small corpus by heart.
    """
    joined, room = [first], most - sizes[first]
    if rng.random() < share:
        while len(fitting := candidates[(sizes[candidates] <= room).all(1)]):
            joined.append(int(rng.choice(fitting)))
            room = room - sizes[joined[-1]]
    return joined


def draw_clip(
    num_frames: int,
    frame_size: tuple[int, int],
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> DrawnClip:
    """All that is drawn for a clip; the frames come first, so that they can be drawn alone."""
    kept = kept_frames(num_frames, augmentation, rng)
    corner = random_corner(frame_size, augmentation.crop_size, rng)
    return DrawnClip(kept, corner, rng.random() < augmentation.flip)


def kept_frames(
    num_frames: int, augmentation: Augmentation, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """The frames of a clip that a training step sees: every k-th, then the temporal rescale."""
    kept = interval_frames(num_frames, augmentation.frame_interval, rng)
    share = augmentation.rescale
    length = bounded_length(len(kept) * rng.uniform(1 - share, 1 + share), augmentation)
    return kept[rescale_frames(len(kept), length, rng)]


def most_frames(num_frames: int, augmentation: Augmentation) -> int:
    """How many frames a clip may be drawn to at most."""
    kept = math.ceil(num_frames / augmentation.frame_interval)
    return bounded_length(kept * (1 + augmentation.rescale), augmentation)


def interval_frames(
    num_frames: int, interval: int, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Frames r, r + interval, …, r uniform in [0, interval)."""
    start = int(rng.integers(min(interval, num_frames)))
    return np.arange(start, num_frames, interval)


def bounded_length(num_frames: float, augmentation: Augmentation) -> int:
    """A length within the bounds, rounded up to a multiple of 4."""
    longest = math.ceil(augmentation.max_frames / augmentation.frame_interval)
    length = min(max(int(num_frames), augmentation.min_frames), longest)
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
