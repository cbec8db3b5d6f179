"""From records to batches: Grain reads and decodes ahead on threads."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grain
import numpy as np
from jaxtyping import UInt8
from ml_collections import ConfigDict

from sfsign_jax.data.augmentation import (
    interval_frames,
    random_corner,
    rescale_frames,
    rescaled_length,
)
from sfsign_jax.data.batching import Clip, bucket_of, stack_clips
from sfsign_jax.data.catalog import Dataset, Record
from sfsign_jax.data.frames import decode_frames, drop_top
from sfsign_jax.errors import UserError

READ_AHEAD = grain.ReadOptions(num_threads=2, prefetch_buffer_size=32)


def training_batches(
    dataset: Dataset, config: ConfigDict, epochs: int
) -> Iterator[dict[str, np.ndarray]]:
    """Shuffled, augmented batches of whole epochs (see training.step.Batch); the rest is dropped.

    The order and the augmentation depend on the seed alone.
    """
    classes = {gloss: i for i, gloss in enumerate(dataset.vocabulary, start=1)}
    batches = (
        grain.MapDataset.source(dataset.splits["train"])
        .seed(config.seed)
        .shuffle()
        .random_map(functools.partial(training_example, dataset, config.data, classes))
        .batch(
            config.training.batch_size,
            drop_remainder=True,
            batch_fn=functools.partial(collate, config.data.buckets, config.data.max_labels),
        )
        .repeat(epochs)
    )
    return iter(batches.to_iter_dataset(READ_AHEAD))


def training_example(
    dataset: Dataset,
    data: ConfigDict,
    classes: Mapping[str, int],
    record: Record,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """One clip as it is trained on: only frames that stay are decoded."""
    name = record["id"].decode()
    images = record["frames"]
    kept = interval_frames(len(images), data.frame_interval, rng)
    longest = math.ceil(data.max_frames / data.frame_interval)
    length = rescaled_length(len(kept), data.rescale, data.min_frames, longest, rng)
    kept = kept[rescale_frames(len(kept), length, rng)]
    return {
        "frames": load_frames(dataset, [images[i] for i in kept], name),
        "corner": random_corner(dataset.frame_size, data.crop_size, rng),
        "flip": bool(rng.random() < data.flip),
        "labels": gloss_classes([gloss.decode() for gloss in record["glosses"]], classes, name),
    }


def gloss_classes(glosses: Sequence[str], classes: Mapping[str, int], name: str) -> list[int]:
    """The classes of a clip's glosses.

    Raises:
        UserError: a gloss is not in the vocabulary.
    """
    unknown = [gloss for gloss in glosses if gloss not in classes]
    if unknown:
        raise UserError(f"clip {name} has the gloss {unknown[0]!r}, which the vocabulary lacks")
    return [classes[gloss] for gloss in glosses]


def collate(
    buckets: Sequence[int], max_labels: int, examples: Sequence[dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Examples side by side, filled up to the bucket of the longest."""
    bucket = bucket_of(max(len(example["frames"]) for example in examples), buckets)
    frames, num_frames = stack_clips([example["frames"] for example in examples], bucket)
    labels = np.zeros((len(examples), max_labels), np.int32)
    for row, example in zip(labels, examples, strict=True):
        if len(example["labels"]) > max_labels:
            raise UserError(
                f"a clip has {len(example['labels'])} glosses: raise config.data.max_labels, "
                f"which is {max_labels}"
            )
        row[: len(example["labels"])] = example["labels"]
    return {
        "frames": frames,
        "num_frames": num_frames,
        "corner": np.stack([example["corner"] for example in examples]),
        "flip": np.array([example["flip"] for example in examples]),
        "labels": labels,
        "num_labels": np.array([len(example["labels"]) for example in examples], np.int32),
    }


def evaluation_clips(dataset: Dataset, split: str) -> Iterator[Clip]:
    """Every clip of a split in stored order, whole, with the glosses it is scored against."""
    if split not in dataset.splits:
        raise UserError(f"{dataset.name} has no split {split!r}, only {', '.join(dataset.splits)}")
    clips = grain.MapDataset.source(dataset.splits[split]).map(
        functools.partial(load_clip, dataset, split)
    )
    return iter(clips.to_iter_dataset(READ_AHEAD))


def load_clip(dataset: Dataset, split: str, record: Record) -> Clip:
    name = record["id"].decode()
    signed = " ".join(gloss.decode() for gloss in record["glosses"])
    return Clip(
        id=name,
        signer=record["signer"].decode(),
        glosses=tuple(dataset.references.get(split, {}).get(name, signed).split()),
        frames=load_frames(dataset, record["frames"], name),
    )


def load_frames(
    dataset: Dataset, images: Sequence[bytes], name: str
) -> UInt8[np.ndarray, "n height width 3"]:
    """A clip's images as the model takes them."""
    return drop_top(decode_frames(images, name), dataset.drop_top_rows)
