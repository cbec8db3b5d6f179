"""The batches of a training run: number k depends on the seed and on k, and on nothing else.

So a run's position is its number of steps, any number of workers gives the same batches, and each
process of a run over several hosts can load its own rows.
"""

import dataclasses
import functools
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from typing import Protocol

import jax
import numpy as np
from jax.sharding import Mesh

from sfsign_jax.data.batching import Batching, PlannedBatch, shuffled_batches
from sfsign_jax.data.pipeline import load_ahead, prefetch_to_devices
from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import process_rows

ALL_ROWS = slice(None)


class TrainingClips(Hashable, Protocol):
    """What a run is trained on: frames with what is drawn for them, or features."""

    @property
    def seed(self) -> int: ...

    def __len__(self) -> int: ...

    def lengths(self, epoch: int) -> Sequence[int]:
        """Of every clip as it is drawn in an epoch: batches are filled up by these."""

    def load(self, epoch: int, clips: Sequence[int], bucket: int) -> dict[str, np.ndarray]:
        """The clips with these numbers, filled up to `bucket` (see training.gradient.Batch)."""

    def ids(self, clips: Sequence[int]) -> list[str]: ...


@dataclasses.dataclass(frozen=True, eq=False)
class ChosenClips:
    """Some of the clips: batches are planned as if there were no others."""

    clips: TrainingClips
    numbers: tuple[int, ...]

    @property
    def seed(self) -> int:
        return self.clips.seed

    def __len__(self) -> int:
        return len(self.numbers)

    def lengths(self, epoch: int) -> list[int]:
        lengths = self.clips.lengths(epoch)
        return [lengths[number] for number in self.numbers]

    def load(self, epoch: int, clips: Sequence[int], bucket: int) -> dict[str, np.ndarray]:
        return self.clips.load(epoch, [self.numbers[clip] for clip in clips], bucket)

    def ids(self, clips: Sequence[int]) -> list[str]:
        return self.clips.ids([self.numbers[clip] for clip in clips])


def without(clips: TrainingClips, left_out: Container[int]) -> TrainingClips:
    """The clips but those with these numbers."""
    return ChosenClips(clips, tuple(i for i in range(len(clips)) if i not in left_out))


def training_batches(
    clips: TrainingClips, batching: Batching, first: int, stop: int, mesh: Mesh
) -> Iterator[dict[str, jax.Array]]:
    """Batches first to stop - 1 of a run, sent to the devices ahead of their use.

    Each process loads its own rows.

    Raises:
        UserError: a clip's frames or glosses do not fit.
    """
    rows = process_rows(batching.batch_size)
    load = functools.partial(training_batch, clips, batching, rows=rows)
    return prefetch_to_devices(load_ahead(load, range(first, stop), batching.workers), mesh)


def training_batch(
    clips: TrainingClips, batching: Batching, number: int, rows: slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """Batch `number` of a run, or some of its rows."""
    epoch, planned = planned_batch(clips, batching, number)
    return clips.load(epoch, planned.clips[rows], planned.bucket)


def batch_ids(clips: TrainingClips, batching: Batching, number: int) -> list[str]:
    """Who is in batch `number` of a run."""
    return clips.ids(planned_batch(clips, batching, number)[1].clips)


def planned_batch(
    clips: TrainingClips, batching: Batching, number: int
) -> tuple[int, PlannedBatch]:
    """The epoch that batch `number` of a run is in, and its clips."""
    epoch, step = divmod(number, len(clips) // batching.batch_size)
    return epoch, epoch_plan(clips, batching, epoch)[step]


@functools.lru_cache(maxsize=2)
def epoch_plan(clips: TrainingClips, batching: Batching, epoch: int) -> list[PlannedBatch]:
    """Which clips share a batch in an epoch."""
    rng = np.random.default_rng([clips.seed, epoch, 0])
    return shuffled_batches(clips.lengths(epoch), batching.buckets, batching.batch_size, rng)


def label_rows(
    clips: Mapping[str, Sequence[str]], vocabulary: Sequence[str], max_labels: int
) -> dict[str, np.ndarray]:
    """The classes of each clip's glosses, filled up with 0; `clips` is id -> glosses.

    Raises:
        UserError: a gloss is not in the vocabulary, or there are more than `max_labels`.
    """
    classes = {gloss: i for i, gloss in enumerate(vocabulary, start=1)}
    labels = np.zeros((len(clips), max_labels), np.int32)
    for row, (name, glosses) in zip(labels, clips.items(), strict=True):
        if unknown := [gloss for gloss in glosses if gloss not in classes]:
            raise UserError(f"clip {name} has the gloss {unknown[0]!r}, which the vocabulary lacks")
        if len(glosses) > max_labels:
            raise UserError(
                f"clip {name} has {len(glosses)} glosses: raise config.data.max_labels, "
                f"which is {max_labels}"
            )
        row[: len(glosses)] = [classes[gloss] for gloss in glosses]
    return {"labels": labels, "num_labels": np.array([*map(len, clips.values())], np.int32)}
