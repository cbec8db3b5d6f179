"""Prepared datasets on disk: opened by name, without the code that built them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sfsign_jax.errors import UserError

PREPARED_DIR = "~/tensorflow_datasets"  # where TFDS keeps its datasets

Record = dict[str, Any]  # id, signer: bytes; glosses, frames (encoded images): list of bytes


class Dataset(NamedTuple):
    name: str
    vocabulary: tuple[str, ...]  # gloss of class 1, 2, …
    frame_size: tuple[int, int]  # height, width as stored
    splits: dict[str, Sequence[Record]]  # random access, read on use


def open_dataset(name: str, prepared_dir: str | Path) -> Dataset:
    """The dataset that `prepare` wrote, its newest version.

    Raises:
        UserError: there is none.
    """
    import tensorflow_datasets as tfds

    folder = Path(prepared_dir).expanduser() / name
    versions = sorted(folder.glob("*/features.json"))
    if not versions:
        raise UserError(
            f"no prepared dataset in {folder}: run "
            f"'python -m sfsign_jax.prepare {name} --prepared_dir {prepared_dir}' first"
        )
    builder = tfds.builder_from_directory(versions[-1].parent)
    metadata = builder.info.metadata
    return Dataset(
        name=name,
        vocabulary=tuple(metadata["vocabulary"]),
        frame_size=tuple(metadata["frame_size"]),
        splits={split: builder.as_data_source(split) for split in builder.info.splits},
    )
