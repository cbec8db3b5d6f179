"""Features of a dataset's clips on disk, and as a network takes them.

index.json names dataset, checkpoint, vocabulary and clips. SPLIT/NUMBER.npz holds a clip's
`frame_features`, of its frames with their padding (4·ceil(n/4) + 12 in the published model, the
clip's own from number `first_frame` on), and its `step_features`, the BiLSTM's outputs.
"""

import dataclasses
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
from jaxtyping import Float

from sfsign_jax.data.augmentation import clip_rng
from sfsign_jax.data.batching import EvaluationBatch, PlannedBatch
from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.data.training_batches import label_rows
from sfsign_jax.data.vocabulary import check_glosses
from sfsign_jax.errors import UserError
from sfsign_jax.files import read_json
from sfsign_jax.text import clean_glosses

INDEX = "index.json"
# np.load reads a header by Python's parser, which before CPython 3.11.8 fails now and then where
# several threads use it at once (github.com/python/cpython/issues/106905).
PARSING = threading.Lock()


class FeatureClip(TypedDict):
    """A clip of index.json."""

    id: str
    signer: str
    glosses: list[str]
    reference: list[str]
    num_frames: int
    rows: int


@dataclasses.dataclass(frozen=True)
class FeatureIndex:
    """What index.json says.

    Raises:
        ValueError: the vocabulary is none.
    """

    dataset: str
    checkpoint: str
    vocabulary: tuple[str, ...]
    splits: dict[str, list[FeatureClip]]

    def __post_init__(self):
        check_glosses(self.vocabulary)


class FeatureSet(NamedTuple):
    name: str  # of the dataset
    vocabulary: tuple[str, ...]
    checkpoint: str  # fingerprint of the one that made the features
    folder: Path
    clips: dict[str, list[FeatureClip]]  # of each split

    @property
    def facts(self) -> dict[str, tuple[ClipFacts, ...]]:
        return {
            split: tuple(
                ClipFacts(
                    clip["id"], clip["num_frames"], clean_glosses(clip["glosses"], clip["id"])
                )
                for clip in clips
            )
            for split, clips in self.clips.items()
        }


def open_features(folder: str | Path) -> FeatureSet:
    """What `extract_features` wrote.

    Raises:
        UserError: there is nothing of the kind, or it is not complete.
    """
    folder = Path(folder).expanduser()
    if not (folder / INDEX).is_file():
        raise UserError(
            f"{folder} has no {INDEX}: run 'python -m sfsign_jax.extract_features', to its end"
        )
    index = read_json(folder / INDEX, FeatureIndex)
    vocabulary = clean_glosses(index.vocabulary, str(folder / INDEX))
    return FeatureSet(index.dataset, vocabulary, index.checkpoint, folder, dict(index.splits))


def clip_file(folder: Path, split: str, number: int) -> Path:
    return folder / split / f"{number:06d}.npz"


def read_features(features: FeatureSet, split: str, number: int) -> Float[np.ndarray, "rows c"]:
    """A clip's frame features.

    Raises:
        UserError: its file is missing or damaged.
    """
    path = clip_file(features.folder, split, number)
    try:
        with PARSING, np.load(path) as arrays:
            return arrays["frame_features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} can't be read: delete it and extract again") from error


def stack_features(
    features: FeatureSet, split: str, clips: Sequence[int], bucket: int, first: Sequence[int]
) -> dict[str, np.ndarray]:
    """The clips' features from row `first` of each on, their last one repeated, filled up to
    `bucket` rows; and the clips' lengths in frames."""
    rows = [read_features(features, split, clip) for clip in clips]
    stacked = np.zeros((len(clips), bucket, rows[0].shape[1]), np.float32)
    for place, row, moved in zip(stacked, rows, first, strict=True):
        place[: len(row)] = row[-1]
        place[: len(row) - moved] = row[moved:]
    num_frames = [features.clips[split][clip]["num_frames"] for clip in clips]
    return {"features": stacked, "num_frames": np.array(num_frames, np.int32)}


@dataclasses.dataclass(frozen=True, eq=False)
class TrainingFeatures:
    """Features of the train split (see `TrainingClips`).

    In which frame of a step a clip begins is drawn. So the head, which also recognises clips moved
    by each number of frames to tell when signs are made, has seen such clips: a network learns to
    say its signs where they are.
    """

    features: FeatureSet
    max_labels: int
    seed: int
    stride: int  # frames of a step

    def __len__(self) -> int:
        return len(self.features.clips["train"])

    def lengths(self, epoch: int) -> list[int]:
        return [clip["rows"] for clip in self.features.clips["train"]]

    def load(self, epoch: int, clips: Sequence[int], bucket: int) -> dict[str, np.ndarray]:
        own = [self.features.clips["train"][clip] for clip in clips]
        labels = {clip["id"]: clean_glosses(clip["glosses"], clip["id"]) for clip in own}
        first = [int(clip_rng(self.seed, epoch, clip).integers(self.stride)) for clip in clips]
        return {
            **stack_features(self.features, "train", clips, bucket, first),
            **label_rows(labels, self.features.vocabulary, self.max_labels),
        }

    def ids(self, clips: Sequence[int]) -> list[str]:
        return [self.features.clips["train"][clip]["id"] for clip in clips]


@dataclasses.dataclass(frozen=True, eq=False)
class EvaluationFeatures:
    """Features of a split (see `EvaluationClips`)."""

    features: FeatureSet
    split: str

    @property
    def lengths(self) -> list[int]:
        return [clip["rows"] for clip in self.features.clips[self.split]]

    def load(self, planned: PlannedBatch, rows: Sequence[int]) -> EvaluationBatch:
        own = stack_features(self.features, self.split, rows, planned.bucket, [0] * len(rows))
        clips = [self.features.clips[self.split][clip] for clip in planned.clips]
        return EvaluationBatch(
            planned.clips,
            tuple(clip["id"] for clip in clips),
            tuple(clip["signer"] for clip in clips),
            tuple(clean_glosses(clip["reference"], clip["id"]) for clip in clips),
            own["features"],
            own["num_frames"],
        )
