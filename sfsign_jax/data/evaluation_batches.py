"""A split as it is evaluated: whole clips, each once, of about one length a batch."""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from ml_collections import ConfigDict

from sfsign_jax.data.batching import PlannedBatch, blank_frames, ordered_batches
from sfsign_jax.data.catalog import Dataset, Record
from sfsign_jax.data.pipeline import closing, load_clip, loaded_ahead


class ClipBatch(NamedTuple):
    numbers: tuple[int, ...]  # of the clips in their split
    ids: tuple[str, ...]
    signers: tuple[str, ...]
    glosses: tuple[tuple[str, ...], ...]  # what the clips are scored against
    # Frames, or features where a network takes those; rows past the ids are fillers.
    inputs: UInt8[np.ndarray, "b bucket height width 3"] | Float[np.ndarray, "b t c"]
    num_frames: Int[np.ndarray, " b"]


def evaluation_batches(
    dataset: Dataset, split: str, config: ConfigDict, clips: Sequence[int]
) -> Iterator[ClipBatch]:
    """The clips of a split with these numbers, in this order, whole.

    Raises:
        UserError: a frame is damaged.
    """
    batch_size = config.evaluation.batch_size
    plan = ordered_batches(clips, dataset.num_frames[split], config.data.buckets, batch_size)
    load = functools.partial(evaluation_batch, dataset, split, batch_size)
    return closing(loaded_ahead(load, plan, config.data.workers))


def evaluation_order(lengths: Sequence[int], padding: str) -> list[int]:
    """Longest first, or for published numbers in the table's order: there neighbours matter."""
    if padding == "reference":
        return list(range(len(lengths)))
    return np.argsort(lengths, kind="stable")[::-1].tolist()


def evaluation_batch(
    dataset: Dataset, split: str, batch_size: int, planned: PlannedBatch
) -> ClipBatch:
    """The clips of a plan, filled up to exactly `batch_size` rows by repeating the first.

    Repeated rather than blank: in reference padding a filler must not be the longest.
    """
    records = [dataset.splits[split][i] for i in planned.clips]
    frames = blank_frames(batch_size, planned.bucket, dataset.frame_size)
    num_frames = np.array([len(record["frames"]) for record in records], np.int32)
    for record, row in zip(records, frames, strict=False):
        load_clip(dataset, record, range(len(record["frames"])), out=row)
    missing = batch_size - len(records)
    frames[len(records) :] = frames[0]
    return ClipBatch(
        planned.clips,
        tuple(record["id"].decode() for record in records),
        tuple(record["signer"].decode() for record in records),
        tuple(reference(dataset, split, record) for record in records),
        frames,
        np.append(num_frames, num_frames[:1].repeat(missing)),
    )


def reference(dataset: Dataset, split: str, record: Record) -> tuple[str, ...]:
    """The glosses that count: the corpus's own reference, or else the annotation."""
    signed = " ".join(gloss.decode() for gloss in record["glosses"])
    return tuple(dataset.references.get(split, {}).get(record["id"].decode(), signed).split())
