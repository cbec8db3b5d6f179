"""Prepared datasets on disk: opened by name, without the code that built them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sfsign_jax.errors import UserError

PREPARED_DIR = "~/tensorflow_datasets"  # where TFDS keeps its datasets

VERSION = re.compile(r"\d+\.\d+\.\d+")  # a build that was interrupted has another name

Record = dict[str, Any]  # id, signer: bytes; glosses, frames (encoded images): list of bytes


class ClipFacts(NamedTuple):
    """What is known of a clip without reading its frames."""

    id: str
    num_frames: int
    glosses: tuple[str, ...]


class Records(Sequence[Record]):
    """The records of a split, whose files may be gone or damaged by the time they are read."""

    def __init__(self, source: Sequence[Record], name: str):
        self.source, self.name = source, name

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        from google.protobuf.message import DecodeError

        try:
            return self.source[number]
        except (RuntimeError, OSError, ValueError, IndexError, DecodeError) as error:
            reason = " ".join(str(error).split())
            raise UserError(
                f"{self.name}: clip {number} can't be read, its file is gone or damaged: delete "
                f"the folder and prepare the dataset again ({reason})"
            ) from error


class Dataset(NamedTuple):
    name: str
    vocabulary: tuple[str, ...]  # gloss of class 1, 2, …
    frame_size: tuple[int, int]  # height, width as stored
    splits: dict[str, Sequence[Record]]  # random access, read on use
    num_frames: Mapping[str, tuple[int, ...]]  # of every clip of a split, in order
    drop_top_rows: int = 0  # of every stored frame, when it is loaded
    frame_rate: float | None = None  # frames a second, where all clips have the same
    # Of dev and test: clip id -> the glosses that are scored, where not simply those of the record.
    references: Mapping[str, Mapping[str, str]] = {}
    # Of every split; none in datasets that an earlier version prepared.
    clips: Mapping[str, tuple[ClipFacts, ...]] = {}


def open_dataset(name: str, prepared_dir: str | Path) -> Dataset:
    """The dataset that `prepare` wrote, its newest version.

    `name` may leave the configuration out (phoenix2014 for phoenix2014/jpeg) where only one is
    prepared.

    Raises:
        UserError: there is none, or more than one.
    """
    import tensorflow_datasets as tfds

    folder = Path(prepared_dir).expanduser() / name
    versions = prepared_versions(name, prepared_dir)
    if not versions:
        raise UserError(
            f"no prepared dataset in {folder}: run "
            f"'python -m sfsign_jax.prepare {name} --prepared_dir {prepared_dir}' first"
        )
    if len({version.parent.parent for version in versions}) > 1:
        found = sorted({f"{name}/{version.parent.parent.name}" for version in versions})
        raise UserError(f"{folder} has {' and '.join(found)}: say which as config.data.name")
    builder = tfds.builder_from_directory(versions[-1].parent)
    metadata = builder.info.metadata
    if "num_frames" not in metadata:
        raise UserError(
            f"{versions[-1].parent} is of an earlier version: run 'python -m sfsign_jax.prepare "
            f"{name} --prepared_dir {prepared_dir}' again"
        )
    return Dataset(
        name=name,
        vocabulary=tuple(metadata["vocabulary"]),
        frame_size=tuple(metadata["frame_size"]),
        drop_top_rows=metadata.get("drop_top_rows", 0),
        frame_rate=metadata.get("frame_rate"),
        num_frames={split: tuple(n) for split, n in metadata["num_frames"].items()},
        references=metadata.get("references", {}),
        clips=clip_facts(metadata),
        splits={
            split: Records(builder.as_data_source(split), f"{versions[-1].parent}, {split}")
            for split in builder.info.splits
        },
    )


def clip_facts(metadata: Mapping[str, Any]) -> dict[str, tuple[ClipFacts, ...]]:
    """The clips of every split, as a dataset's metadata has them."""
    return {
        split: tuple(
            ClipFacts(name, n, tuple(glosses.split()))
            for (name, glosses), n in zip(clips, metadata["num_frames"][split], strict=True)
        )
        for split, clips in metadata.get("clips", {}).items()
    }


def prepared_versions(name: str, prepared_dir: str | Path) -> list[Path]:
    """The description of every version of every configuration that is there, oldest first."""
    folder = Path(prepared_dir).expanduser() / name
    found = [*folder.glob("*/features.json"), *folder.glob("*/*/features.json")]
    complete = [file for file in found if VERSION.fullmatch(file.parent.name)]
    return sorted(complete, key=lambda file: [int(n) for n in file.parent.name.split(".")])
