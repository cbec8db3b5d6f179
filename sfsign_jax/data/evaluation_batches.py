"""A split as it is evaluated: whole clips, each once, of about one length a batch."""

import functools
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from jax.sharding import Mesh

from sfsign_jax.data.batching import (
    Batching,
    EvaluationBatch,
    PlannedBatch,
    ordered_batches,
    pad_with_first,
)
from sfsign_jax.data.pipeline import closing, load_ahead
from sfsign_jax.runtime.mesh import process_rows, round_up_to_devices


class EvaluationClips(Protocol):
    """The clips of a split: frames, or features."""

    @property
    def lengths(self) -> Sequence[int]:
        """Batches are filled up by these."""

    def load(self, planned: PlannedBatch, rows: Sequence[int]) -> EvaluationBatch:
        """The planned clips, and of them the inputs of `rows`, clips each, some of them again."""


def evaluation_batches(
    clips: EvaluationClips, batching: Batching, order: Sequence[int], mesh: Mesh
) -> Iterator[EvaluationBatch]:
    """The clips with these numbers, in this order, whole; all batches have the same rows.

    Raises:
        UserError: a clip is damaged.
    """
    plan = ordered_batches(order, clips.lengths, batching.buckets, batching.batch_size)
    size = round_up_to_devices(batching.batch_size, mesh)
    load = functools.partial(evaluation_batch, clips, size, process_rows(size))
    return closing(load_ahead(load, plan, batching.workers))


def evaluation_batch(
    clips: EvaluationClips, size: int, rows: slice, planned: PlannedBatch
) -> EvaluationBatch:
    """The clips of a plan as `size` rows, and of them the inputs of `rows`."""
    return clips.load(planned, pad_with_first(planned.clips, size)[rows])


def evaluation_order(lengths: Sequence[int], padding: str) -> list[int]:
    """Longest first, or for published numbers in the table's order: there neighbours matter."""
    if padding == "reference":
        return list(range(len(lengths)))
    return np.argsort(lengths, kind="stable")[::-1].tolist()
