"""Prepared datasets on disk: opened by name, without the code that built them."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sfsign_jax.data.vocabulary import check_glosses
from sfsign_jax.errors import UserError
from sfsign_jax.files import as_schema, read_json
from sfsign_jax.text import clean_glosses

PREPARED_DIR = "~/tensorflow_datasets"  # where TFDS keeps its datasets

METADATA = "metadata.json"  # as TFDS calls it
VERSION = re.compile(r"\d+\.\d+\.\d+")  # a build that was interrupted has another name

Record = dict[str, Any]  # id, signer: bytes; glosses, frames (encoded images): list of bytes


class ClipFacts(NamedTuple):
    """What is known of a clip without reading its frames."""

    id: str
    num_frames: int
    glosses: tuple[str, ...]
    signer: str = ""  # this and the next: "" in datasets that an earlier version prepared
    checksum: str = ""  # of the stored frames: equal where all of them are


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
    frame_size: tuple[int, int]  # height, width: stored frames of another are resized
    splits: dict[str, Sequence[Record]]  # random access, read on use
    num_frames: Mapping[str, tuple[int, ...]]  # of every clip of a split, in order
    drop_top_rows: int = 0  # of every frame, when it is loaded
    frame_rate: float | None = None  # frames a second, where all clips have the same
    # Of dev and test: clip id -> the glosses that are scored, where not simply those of the record.
    references: Mapping[str, Mapping[str, str]] = {}
    # Of every split; none in datasets that an earlier version prepared.
    clips: Mapping[str, tuple[ClipFacts, ...]] = {}


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What `prepare` writes beside a dataset's records: see `Dataset`.

    Raises:
        ValueError: a value that no dataset has.
    """

    vocabulary: tuple[str, ...]
    frame_size: tuple[int, int]
    num_frames: dict[str, tuple[int, ...]]
    drop_top_rows: int = 0
    frame_rate: float | None = None
    references: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    clips: dict[str, list[tuple[str, str]]] = dataclasses.field(default_factory=dict)
    signers: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    checksums: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        # Not before --help is answered, which needs no JAX.
        from sfsign_jax.data.transforms import check_stored_frames

        check_glosses(self.vocabulary)
        check_stored_frames(self.frame_size, self.drop_top_rows, self.frame_rate)
        if any(n < 1 for lengths in self.num_frames.values() for n in lengths):
            raise ValueError("num_frames has a clip without frames")
        for name in ("clips", "signers", "checksums"):
            if any(
                len(own) != len(self.num_frames.get(split, ()))
                for split, own in getattr(self, name).items()
            ):
                raise ValueError(f"{name} and num_frames are not of the same clips")


def open_dataset(
    name: str, prepared_dir: str | Path, frame_size: tuple[int, int] | None = None
) -> Dataset:
    """The dataset that `prepare` wrote, its newest version, with frames of that size.

    `name` may leave the configuration out (phoenix2014 for phoenix2014/jpeg) where only one is
    prepared.

    Raises:
        UserError: there is none, or more than one, or it is damaged.
    """
    import tensorflow_datasets as tfds
    from google.protobuf import json_format
    from tensorflow_datasets.core.dataset_info import DatasetInfoFileError

    folder = Path(prepared_dir).expanduser() / name
    versions = prepared_versions(name, prepared_dir)
    if not versions:
        raise UserError(
            f"no prepared dataset in {folder}: run "
            f"'python -m sfsign_jax.prepare {name} --prepared_dir {prepared_dir}' first"
        )
    if len({version.parent.parent for version in versions}) > 1:
        found = sorted({f"{name}/{version.parent.parent.name}" for version in versions})
        raise UserError(f"{folder} has {' and '.join(found)}: say which of them")
    folder = versions[-1].parent
    metadata = read_metadata(folder)
    try:
        builder = tfds.builder_from_directory(folder)
        splits: dict[str, Sequence[Record]] = {
            split: Records(builder.as_data_source(split), f"{folder}, {split}")
            for split in builder.info.splits
        }
    except (
        DatasetInfoFileError,
        json_format.Error,
        ValueError,
        KeyError,
        RecursionError,
    ) as error:
        raise UserError(f"{folder} is damaged: prepare it again ({first_line(error)})") from error
    for split, records in splits.items():
        if len(metadata.num_frames.get(split, ())) != len(records):
            raise UserError(
                f"{folder / METADATA} does not have the lengths of the {len(records)} clips of "
                f"{split}: it is damaged, or of another build"
            )
    vocabulary = clean_glosses(metadata.vocabulary, str(folder / METADATA))
    stored_height = metadata.frame_size[0]
    frame_size = frame_size or metadata.frame_size
    return Dataset(
        name=name,
        vocabulary=vocabulary,
        frame_size=frame_size,
        splits=splits,
        num_frames=metadata.num_frames,
        drop_top_rows=round(metadata.drop_top_rows * frame_size[0] / stored_height),
        frame_rate=metadata.frame_rate,
        references=metadata.references,
        clips=clip_facts(metadata),
    )


def read_metadata(folder: Path) -> Metadata:
    """Of a prepared version of a dataset.

    Raises:
        UserError: they are damaged, or too old to train on.
    """
    fields = read_json(folder / METADATA, dict[str, Any])
    if "num_frames" not in fields:
        raise UserError(f"{folder} is of an earlier version: delete it and prepare it again")
    return as_schema(fields, Metadata, folder / METADATA)


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def clip_facts(metadata: Metadata) -> dict[str, tuple[ClipFacts, ...]]:
    """The clips of every split; none where an earlier version prepared them."""
    found = {}
    for split, clips in metadata.clips.items():
        unknown = [""] * len(clips)
        signers = metadata.signers.get(split, unknown)
        checksums = metadata.checksums.get(split, unknown)
        found[split] = tuple(
            ClipFacts(clip, n, clean_glosses(glosses.split(), clip), signer, checksum)
            for (clip, glosses), n, signer, checksum in zip(
                clips, metadata.num_frames[split], signers, checksums, strict=True
            )
        )
    return found


def prepared_versions(name: str, prepared_dir: str | Path) -> list[Path]:
    """The description of every version of every configuration that is there, oldest first."""
    folder = Path(prepared_dir).expanduser() / name
    found = [*folder.glob("*/features.json"), *folder.glob("*/*/features.json")]
    complete = [file for file in found if VERSION.fullmatch(file.parent.name)]
    return sorted(complete, key=lambda file: [int(n) for n in file.parent.name.split(".")])
