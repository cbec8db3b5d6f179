"""Which clips share a batch, and clips of different lengths as one array of a fixed shape."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

ALIGNMENT = 64  # bytes
# Where clips may have any length, they are filled up to multiples of so many frames or steps, so
# that there are few programs.
LENGTH_MULTIPLE = 32


@dataclasses.dataclass(frozen=True)
class Batching:
    """How clips are cut into batches, and by how many processes these are loaded."""

    batch_size: int
    buckets: tuple[int, ...]  # a batch is filled up to the next of these
    workers: int = 0  # processes; 0: threads of this one


class PlannedBatch(NamedTuple):
    clips: tuple[int, ...]  # numbers of the clips in their split
    bucket: int  # frames that each of them is filled up to


class EvaluationBatch(NamedTuple):
    numbers: tuple[int, ...]  # of the clips in their split
    ids: tuple[str, ...]
    signers: tuple[str, ...]
    glosses: tuple[tuple[str, ...], ...]  # what the clips are scored against
    # Frames, or features where a network takes those. Rows past the ids are fillers, so that all
    # batches have one size. Of several processes, each has its own rows of these two.
    inputs: UInt8[np.ndarray, "b bucket height width 3"] | Float[np.ndarray, "b t c"]
    num_frames: Int[np.ndarray, " b"]


def bucket_of(num_frames: int, buckets: Sequence[int]) -> int:
    """The smallest bucket that holds the clip; longer ones get multiples of the largest."""
    for bucket in sorted(buckets):
        if num_frames <= bucket:
            return bucket
    largest = max(buckets)
    return -(-num_frames // largest) * largest


def shuffled_batches(
    lengths: Sequence[int], buckets: Sequence[int], batch_size: int, rng: np.random.Generator
) -> list[PlannedBatch]:
    """Whole batches in random order, each of random clips of one bucket as far as they go.

    Clips that fill no batch are left out, others every time.
    """
    order = rng.permutation(len(lengths))
    order = order[: len(order) // batch_size * batch_size]
    needed = np.array([bucket_of(length, buckets) for length in lengths])
    order = order[np.argsort(needed[order], kind="stable")]
    batches = rng.permutation(order.reshape(-1, batch_size))
    return [PlannedBatch(tuple(map(int, batch)), int(needed[batch].max())) for batch in batches]


def ordered_batches(
    order: Sequence[int], lengths: Sequence[int], buckets: Sequence[int], batch_size: int
) -> list[PlannedBatch]:
    """The clips of `order`, cut into batches; the last one may be smaller."""
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [
        PlannedBatch(tuple(batch), bucket_of(max(lengths[i] for i in batch), buckets))
        for batch in batches
    ]


def pad_with_first(clips: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The clips and, up to `size`, the first of them again.

    Repeated rather than blank: in reference padding a filler must not be the longest.
    """
    return clips + clips[:1] * (size - len(clips))


def padding_overhead(plan: Sequence[PlannedBatch], lengths: Sequence[int]) -> float:
    """Frames filled up, as a share of the clips' own."""
    own = sum(lengths[i] for batch in plan for i in batch.clips)
    return sum(batch.bucket * len(batch.clips) for batch in plan) / own - 1


def blank_frames(
    clips: int, bucket: int, frame_size: tuple[int, int]
) -> UInt8[np.ndarray, "b bucket height width 3"]:
    """A batch to be filled. Aligned, since JAX then takes it over on a CPU without a copy."""
    shape = (clips, bucket, *frame_size, 3)
    memory = np.zeros(math.prod(shape) + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + math.prod(shape)].reshape(shape)


def stack_clips(
    clips: Sequence[UInt8[np.ndarray, "n height width 3"]], bucket: int
) -> tuple[UInt8[np.ndarray, "b bucket height width 3"], Int[np.ndarray, " b"]]:
    """One array of clips, each filled up with zeros to `bucket` frames, and their lengths."""
    frames = blank_frames(len(clips), bucket, clips[0].shape[1:3])
    for row, clip in zip(frames, clips, strict=True):
        row[: len(clip)] = clip
    return frames, np.array([len(clip) for clip in clips], np.int32)
