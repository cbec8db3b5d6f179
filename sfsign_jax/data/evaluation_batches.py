"""A split as it is evaluated: whole clips, each once, of about one length a batch."""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from jax.sharding import Mesh
from ml_collections import ConfigDict

from sfsign_jax.data.batching import (
    ClipBatch,
    PlannedBatch,
    blank_frames,
    ordered_batches,
    pad_with_first,
)
from sfsign_jax.data.catalog import Dataset, Record
from sfsign_jax.data.pipeline import closing, load_ahead, load_clip
from sfsign_jax.runtime.mesh import process_rows, round_up_to_devices


def evaluation_batches(
    dataset: Dataset, split: str, config: ConfigDict, clips: Sequence[int], mesh: Mesh
) -> Iterator[ClipBatch]:
    """The clips of a split with these numbers, in this order, whole.

    Raises:
        UserError: a frame is damaged.
    """
    batch_size = config.evaluation.batch_size
    plan = ordered_batches(clips, dataset.num_frames[split], config.data.buckets, batch_size)
    size = round_up_to_devices(batch_size, mesh)
    load = functools.partial(evaluation_batch, dataset, split, size, process_rows(size))
    return closing(load_ahead(load, plan, config.data.workers))


def evaluation_order(lengths: Sequence[int], padding: str) -> list[int]:
    """Longest first, or for published numbers in the table's order: there neighbours matter."""
    if padding == "reference":
        return list(range(len(lengths)))
    return np.argsort(lengths, kind="stable")[::-1].tolist()


def evaluation_batch(
    dataset: Dataset, split: str, size: int, rows: slice, planned: PlannedBatch
) -> ClipBatch:
    """The clips of a plan as `size` rows, and of them the frames of `rows`."""
    records = {clip: dataset.splits[split][clip] for clip in planned.clips}
    own = pad_with_first(planned.clips, size)[rows]
    num_frames = [len(records[clip]["frames"]) for clip in own]
    frames = blank_frames(len(own), planned.bucket, dataset.frame_size)
    for place, clip in enumerate(own):
        if (first := own.index(clip)) < place:
            frames[place] = frames[first]
        else:
            load_clip(dataset, records[clip], range(num_frames[place]), frames[place])
    return ClipBatch(
        planned.clips,
        tuple(record["id"].decode() for record in records.values()),
        tuple(record["signer"].decode() for record in records.values()),
        tuple(reference(dataset, split, record) for record in records.values()),
        frames,
        np.array(num_frames, np.int32),
    )


def reference(dataset: Dataset, split: str, record: Record) -> tuple[str, ...]:
    """The glosses that count: the corpus's own reference, or else the annotation."""
    signed = " ".join(gloss.decode() for gloss in record["glosses"])
    return tuple(dataset.references.get(split, {}).get(record["id"].decode(), signed).split())
