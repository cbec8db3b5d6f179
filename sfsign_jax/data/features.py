"""Features of a dataset's clips on disk, and batches of them.

index.json names dataset, checkpoint, vocabulary and clips. SPLIT/NUMBER.npz holds a clip's
`frame_features`, of its frames with their padding (4·ceil(n/4) + 12 in the published model, the
clip's own from number `first_frame` on), and its `step_features`, the BiLSTM's outputs.
"""

import functools
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Float
from ml_collections import ConfigDict, FrozenConfigDict

from sfsign_jax.data.batching import (
    ClipBatch,
    PlannedBatch,
    ordered_batches,
    pad_with_first,
    shuffled_batches,
)
from sfsign_jax.data.evaluation_batches import evaluation_order
from sfsign_jax.data.pipeline import closing, load_ahead, prefetch_to_devices
from sfsign_jax.data.training_batches import label_rows
from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import process_rows, round_up_to_devices

INDEX = "index.json"


class FeatureSet(NamedTuple):
    name: str  # of the dataset
    vocabulary: tuple[str, ...]
    checkpoint: str  # fingerprint of the one that made the features
    folder: Path
    clips: dict[str, list[dict[str, Any]]]  # of each split: see `open_features`


def open_features(folder: str | Path) -> FeatureSet:
    """What `extract_features` wrote; a clip has id, signer, glosses, reference, num_frames, rows.

    Raises:
        UserError: there is nothing of the kind, or it is not complete.
    """
    folder = Path(folder).expanduser()
    if not (folder / INDEX).is_file():
        raise UserError(
            f"{folder} has no {INDEX}: run 'python -m sfsign_jax.extract_features', to its end"
        )
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return FeatureSet(
        index["dataset"],
        tuple(index["vocabulary"]),
        index["checkpoint"],
        folder,
        index["splits"],
    )


def clip_file(folder: Path, split: str, number: int) -> Path:
    return folder / split / f"{number:06d}.npz"


def read_features(features: FeatureSet, split: str, number: int) -> Float[np.ndarray, "rows c"]:
    """A clip's frame features.

    Raises:
        UserError: its file is missing or damaged.
    """
    path = clip_file(features.folder, split, number)
    try:
        with np.load(path) as arrays:
            return arrays["frame_features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} can't be read: delete it and extract again") from error


def stack_features(
    features: FeatureSet, split: str, clips: Sequence[int], bucket: int
) -> dict[str, np.ndarray]:
    """The clips' features, filled up to `bucket` rows, and the clips' lengths in frames."""
    rows = [read_features(features, split, clip) for clip in clips]
    stacked = np.zeros((len(clips), bucket, rows[0].shape[1]), np.float32)
    for place, row in zip(stacked, rows, strict=True):
        place[: len(row)] = row
    num_frames = [features.clips[split][clip]["num_frames"] for clip in clips]
    return {"features": stacked, "num_frames": np.array(num_frames, np.int32)}


def feature_training_batches(
    features: FeatureSet, config: ConfigDict, first: int, stop: int, mesh: Mesh
) -> Iterator[dict[str, jax.Array]]:
    """Batches first to stop - 1 of a run, as `training_batches`, but nothing is drawn in clips."""
    rows = process_rows(config.training.batch_size)
    load = functools.partial(feature_training_batch, features, FrozenConfigDict(config), rows)
    return prefetch_to_devices(load_ahead(load, range(first, stop), config.data.workers), mesh)


def feature_training_batch(
    features: FeatureSet, config: FrozenConfigDict, rows: slice, number: int
) -> dict[str, np.ndarray]:
    planned = planned_feature_batch(features, config, number)
    own = planned.clips[rows]
    labels = {features.clips["train"][i]["id"]: features.clips["train"][i]["glosses"] for i in own}
    return {
        **stack_features(features, "train", own, planned.bucket),
        **label_rows(labels, features.vocabulary, config.data.max_labels),
    }


def feature_clip_ids(features: FeatureSet, config: ConfigDict, number: int) -> list[str]:
    """Who is in batch `number` of a run."""
    planned = planned_feature_batch(features, FrozenConfigDict(config), number)
    return [features.clips["train"][clip]["id"] for clip in planned.clips]


def planned_feature_batch(
    features: FeatureSet, config: FrozenConfigDict, number: int
) -> PlannedBatch:
    lengths = tuple(clip["rows"] for clip in features.clips["train"])
    epoch, step = divmod(number, len(lengths) // config.training.batch_size)
    buckets = tuple(config.data.buckets)
    return feature_epoch_plan(lengths, buckets, config.training.batch_size, config.seed, epoch)[
        step
    ]


@functools.lru_cache(maxsize=2)
def feature_epoch_plan(
    lengths: tuple[int, ...], buckets: tuple[int, ...], batch_size: int, seed: int, epoch: int
) -> list[PlannedBatch]:
    """Which clips share a batch in an epoch."""
    return shuffled_batches(lengths, buckets, batch_size, np.random.default_rng([seed, epoch]))


def feature_evaluation_batches(
    features: FeatureSet, split: str, config: ConfigDict, mesh: Mesh
) -> Iterator[ClipBatch]:
    """Every clip of a split, longest first."""
    lengths = [clip["rows"] for clip in features.clips[split]]
    order, batch_size = evaluation_order(lengths, "masked"), config.evaluation.batch_size
    plan = ordered_batches(order, lengths, config.data.buckets, batch_size)
    size = round_up_to_devices(batch_size, mesh)
    load = functools.partial(feature_evaluation_batch, features, split, size, process_rows(size))
    return closing(load_ahead(load, plan, config.data.workers))


def feature_evaluation_batch(
    features: FeatureSet, split: str, size: int, rows: slice, planned: PlannedBatch
) -> ClipBatch:
    own = stack_features(features, split, pad_with_first(planned.clips, size)[rows], planned.bucket)
    clips = [features.clips[split][i] for i in planned.clips]
    return ClipBatch(
        planned.clips,
        tuple(clip["id"] for clip in clips),
        tuple(clip["signer"] for clip in clips),
        tuple(tuple(clip["reference"]) for clip in clips),
        own["features"],
        own["num_frames"],
    )
