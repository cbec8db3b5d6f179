"""The batches of a training run: number k depends on the seed and on k, and on nothing else.

So a run's position is its number of steps, any number of workers gives the same batches, and each
process of a run over several hosts can load its own rows.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np
from jax.sharding import Mesh
from ml_collections import ConfigDict, FrozenConfigDict

from sfsign_jax.data.augmentation import kept_frames, random_corner
from sfsign_jax.data.batching import PlannedBatch, blank_frames, shuffled_batches
from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.pipeline import load_ahead, load_clip, prefetch_to_devices
from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import process_rows

ALL_ROWS = slice(None)


def training_batches(
    dataset: Dataset, config: ConfigDict, first: int, stop: int, mesh: Mesh
) -> Iterator[dict[str, jax.Array]]:
    """Batches first to stop - 1 of a run (see training.step.Batch), sent to the devices ahead.

    Each process loads its own rows.

    Raises:
        UserError: a clip's frames or glosses do not fit.
    """
    rows = process_rows(config.training.batch_size)
    load = functools.partial(training_batch, dataset, FrozenConfigDict(config), rows=rows)
    return prefetch_to_devices(load_ahead(load, range(first, stop), config.data.workers), mesh)


def training_batch(
    dataset: Dataset, config: FrozenConfigDict, number: int, rows: slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """Batch `number` of a run, or some of its rows."""
    lengths = dataset.num_frames["train"]
    epoch, planned = planned_batch(lengths, config, number)
    clips = planned.clips[rows]
    frames = blank_frames(len(clips), planned.bucket, dataset.frame_size)
    num_frames, corners, flips, glosses = [], [], [], {}
    for clip, row in zip(clips, frames, strict=True):
        rng = clip_rng(config.seed, epoch, clip)
        record = dataset.splits["train"][clip]
        kept = kept_frames(lengths[clip], config.data, rng)
        load_clip(dataset, record, kept, out=row)
        num_frames.append(len(kept))
        corners.append(random_corner(dataset.frame_size, config.data.crop_size, rng))
        flips.append(rng.random() < config.data.flip)
        glosses[record["id"].decode()] = [gloss.decode() for gloss in record["glosses"]]
    return {
        "frames": frames,
        "num_frames": np.array(num_frames, np.int32),
        "corner": np.stack(corners),
        "flip": np.array(flips),
        **label_rows(glosses, dataset.vocabulary, config.data.max_labels),
    }


def clip_ids(dataset: Dataset, config: ConfigDict, number: int) -> list[str]:
    """Who is in batch `number` of a run."""
    planned = planned_batch(dataset.num_frames["train"], FrozenConfigDict(config), number)[1]
    return [dataset.splits["train"][clip]["id"].decode() for clip in planned.clips]


def planned_batch(
    lengths: tuple[int, ...], config: FrozenConfigDict, number: int
) -> tuple[int, PlannedBatch]:
    """The epoch that batch `number` of a run is in, and its clips."""
    epoch, step = divmod(number, len(lengths) // config.training.batch_size)
    plan = epoch_plan(lengths, config.data, config.training.batch_size, config.seed, epoch)
    return epoch, plan[step]


@functools.lru_cache(maxsize=2)
def epoch_plan(
    num_frames: tuple[int, ...], data: FrozenConfigDict, batch_size: int, seed: int, epoch: int
) -> list[PlannedBatch]:
    """Which clips share a batch in an epoch, by the lengths that are drawn for them in it."""
    lengths = [
        len(kept_frames(n, data, clip_rng(seed, epoch, i))) for i, n in enumerate(num_frames)
    ]
    rng = np.random.default_rng([seed, epoch, 0])
    return shuffled_batches(lengths, data.buckets, batch_size, rng)


def clip_rng(seed: int, epoch: int, clip: int) -> np.random.Generator:
    """All that is drawn for a clip in an epoch, in the order: frames, corner, flip."""
    return np.random.default_rng([seed, epoch, 1 + clip])


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
