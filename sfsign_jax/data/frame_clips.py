"""The clips of a prepared dataset as a network takes them: frames, decoded and stacked."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from sfsign_jax.data.augmentation import (
    Augmentation,
    clip_rng,
    draw_clip,
    joined_clips,
    joining_rng,
    kept_frames,
)
from sfsign_jax.data.batching import EvaluationBatch, PlannedBatch, blank_frames
from sfsign_jax.data.catalog import ClipFacts, Dataset, Record
from sfsign_jax.data.frames import decode_frame, drop_top_rows, resize_frames
from sfsign_jax.data.training_batches import label_rows
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_glosses, clean_text


# Equal to itself alone, so that what is planned for its clips can be cached.
@dataclasses.dataclass(frozen=True, eq=False)
class TrainingFrames:
    """The train split, varied (see `TrainingClips`)."""

    dataset: Dataset
    augmentation: Augmentation
    max_labels: int
    seed: int

    def __len__(self) -> int:
        return len(self.dataset.num_frames["train"])

    def lengths(self, epoch: int) -> list[int]:
        own = self.dataset.num_frames["train"]
        return [
            len(
                kept_frames(
                    sum(own[member] for member in self.joined(epoch, clip)),
                    self.augmentation,
                    clip_rng(self.seed, epoch, clip),
                )
            )
            for clip in range(len(self))
        ]

    def joined(self, epoch: int, clip: int) -> list[int]:
        """A clip and, where it is to be joined, others of its signer."""
        if not self.augmentation.join:
            return [clip]
        return joined_clips(
            clip,
            self.of_signer[self.facts[clip].signer],
            self.sizes,
            (self.augmentation.max_frames, self.max_labels),
            self.augmentation.join,
            joining_rng(self.seed, epoch, clip),
        )

    @functools.cached_property
    def of_signer(self) -> dict[str, Int[np.ndarray, " n"]]:
        """The clips of each signer."""
        signers = np.array([clip.signer for clip in self.facts])
        return {signer: np.flatnonzero(signers == signer) for signer in {*signers.tolist()}}

    @functools.cached_property
    def sizes(self) -> Int[np.ndarray, "clips 2"]:
        """Frames and glosses of each clip."""
        return np.array([(clip.num_frames, len(clip.glosses)) for clip in self.facts])

    @functools.cached_property
    def facts(self) -> tuple[ClipFacts, ...]:
        return clip_facts_of(self.dataset, "train")

    def load(self, epoch: int, clips: Sequence[int], bucket: int) -> dict[str, np.ndarray]:
        frames = blank_frames(len(clips), bucket, self.dataset.frame_size)
        num_frames, corners, flips, glosses = [], [], [], {}
        for clip, row in zip(clips, frames, strict=True):
            records = [self.dataset.splits["train"][one] for one in self.joined(epoch, clip)]
            record = joined_records(records)
            drawn = draw_clip(
                len(record["frames"]),
                self.dataset.frame_size,
                self.augmentation,
                clip_rng(self.seed, epoch, clip),
            )
            load_clip(self.dataset, record, drawn.kept, out=row)
            num_frames.append(len(drawn.kept))
            corners.append(drawn.corner)
            flips.append(drawn.flip)
            glosses[record["id"].decode()] = glosses_of(record)
        return {
            "frames": frames,
            "num_frames": np.array(num_frames, np.int32),
            "corner": np.stack(corners),
            "flip": np.array(flips),
            **label_rows(glosses, self.dataset.vocabulary, self.max_labels),
        }

    def ids(self, clips: Sequence[int]) -> list[str]:
        return [self.dataset.splits["train"][clip]["id"].decode() for clip in clips]


@dataclasses.dataclass(frozen=True, eq=False)
class EvaluationFrames:
    """A split as it is (see `EvaluationClips`).

    Raises:
        UserError: the dataset has no such split.
    """

    dataset: Dataset
    split: str

    def __post_init__(self):
        if self.split not in self.dataset.splits:
            splits = ", ".join(self.dataset.splits)
            raise UserError(f"{self.dataset.name} has no split {self.split!r}, only {splits}")

    @property
    def lengths(self) -> tuple[int, ...]:
        return self.dataset.num_frames[self.split]

    def load(self, planned: PlannedBatch, rows: Sequence[int]) -> EvaluationBatch:
        records = {clip: self.dataset.splits[self.split][clip] for clip in planned.clips}
        num_frames = [len(records[clip]["frames"]) for clip in rows]
        frames = blank_frames(len(rows), planned.bucket, self.dataset.frame_size)
        for place, clip in enumerate(rows):
            if (first := rows.index(clip)) < place:
                frames[place] = frames[first]
            else:
                load_clip(self.dataset, records[clip], range(num_frames[place]), frames[place])
        return EvaluationBatch(
            planned.clips,
            tuple(record["id"].decode() for record in records.values()),
            tuple(record["signer"].decode() for record in records.values()),
            tuple(reference(self.dataset, self.split, record) for record in records.values()),
            frames,
            np.array(num_frames, np.int32),
        )


def load_clip(
    dataset: Dataset,
    record: Record,
    kept: Sequence[int] | Int[np.ndarray, " n"],
    out: UInt8[np.ndarray, "n height width 3"],
) -> None:
    """The clip's `kept` frames, in ascending order, into the first places of `out`.

    Raises:
        UserError: a frame is damaged.
    """
    for place, number in enumerate(kept):
        if place and number == kept[place - 1]:
            out[place] = out[place - 1]
        else:
            name = f"frame {number} of clip {record['id'].decode()}"
            stored = decode_frame(record["frames"][number], name)
            [frame] = resize_frames(stored[None], dataset.frame_size)
            out[place] = drop_top_rows(frame, dataset.drop_top_rows)


def joined_records(records: Sequence[Record]) -> Record:
    """One clip after the other, under the first one's name."""
    whole = dict(records[0])
    for key in ("frames", "glosses"):
        whole[key] = [one for record in records for one in record[key]]
    return whole


def clip_facts_of(dataset: Dataset, split: str) -> tuple[ClipFacts, ...]:
    """Those of a split; all of its records are read where an earlier version prepared them."""
    if split in dataset.clips:
        return dataset.clips[split]
    return tuple(
        ClipFacts(record["id"].decode(), n, glosses_of(record), record["signer"].decode())
        for record, n in zip(dataset.splits[split], dataset.num_frames[split], strict=True)
    )


def glosses_of(record: Record) -> tuple[str, ...]:
    """Cleaned: datasets that were prepared before may hold several spellings of one gloss."""
    glosses = (gloss.decode() for gloss in record["glosses"])
    return clean_glosses(glosses, f"clip {record['id'].decode()}")


def reference(dataset: Dataset, split: str, record: Record) -> tuple[str, ...]:
    """The glosses that count: the corpus's own reference, or else the annotation."""
    signed = " ".join(glosses_of(record))
    clip = record["id"].decode()
    text = dataset.references.get(split, {}).get(clip, signed)
    return tuple(clean_text(text, f"clip {clip}").split())
