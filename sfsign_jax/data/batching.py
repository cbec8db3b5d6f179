"""Clips of different lengths to arrays of a few fixed shapes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8


def bucket_of(num_frames: int, buckets: Sequence[int]) -> int:
    """The smallest bucket that holds the clip; longer ones get multiples of the largest."""
    for bucket in sorted(buckets):
        if num_frames <= bucket:
            return bucket
    largest = max(buckets)
    return -(-num_frames // largest) * largest


def stack_clips(
    clips: Sequence[UInt8[np.ndarray, "n height width 3"]], bucket: int
) -> tuple[UInt8[np.ndarray, "b bucket height width 3"], Int[np.ndarray, " b"]]:
    """One array of clips, each filled up with zeros to `bucket` frames, and their lengths."""
    frames = np.zeros((len(clips), bucket, *clips[0].shape[1:]), np.uint8)
    for row, clip in zip(frames, clips, strict=True):
        row[: len(clip)] = clip
    return frames, np.array([len(clip) for clip in clips], np.int32)


class Clip(NamedTuple):
    """A whole decoded clip of an evaluation split."""

    id: str
    signer: str
    glosses: tuple[str, ...]
    frames: UInt8[np.ndarray, "n height width 3"]


class ClipBatch(NamedTuple):
    clips: list[Clip]
    frames: UInt8[np.ndarray, "b bucket height width 3"]  # rows past the clips are fillers
    num_frames: Int[np.ndarray, " b"]


def bucket_clips(
    clips: Iterable[Clip], buckets: Sequence[int], batch_size: int
) -> Iterator[ClipBatch]:
    """Batches of clips of one bucket each, in the order in which they fill up."""
    waiting: dict[int, list[Clip]] = {}
    for clip in clips:
        bucket = bucket_of(len(clip.frames), buckets)
        waiting.setdefault(bucket, []).append(clip)
        if len(waiting[bucket]) == batch_size:
            yield batch_of(waiting.pop(bucket), bucket, batch_size)
    for bucket, rest in waiting.items():
        yield batch_of(rest, bucket, batch_size)


def batch_of(clips: list[Clip], bucket: int, batch_size: int) -> ClipBatch:
    """A batch of exactly `batch_size` rows: its first clip again where clips are missing.

    Repeated rather than blank: in reference padding a filler must not be the longest.
    """
    fillers = [clips[0].frames] * (batch_size - len(clips))
    return ClipBatch(clips, *stack_clips([*(clip.frames for clip in clips), *fillers], bucket))
