"""The tables that say what is signed in which clip."""

import functools
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text, read_lines


class ClipSource(NamedTuple):
    """One row: a clip, and where its frames are."""

    id: str
    signer: str
    annotation: str  # as it stands in the table, white space included
    frames: Path  # a folder of images, or a video file
    row: str  # "file, line 7", for messages
    seconds: tuple[float, float] | None = None  # of a video file: from, and to before; None: all

    @property
    def glosses(self) -> list[str]:
        return self.annotation.split()


def read_table(
    path: Path, columns: Sequence[str], separator: str = "|"
) -> Iterator[tuple[str, dict[str, str]]]:
    """("file, line n", column -> text) of every row below the header.

    Raises:
        UserError: the file is missing, not UTF-8 or not printable, its header lacks a column, or a
            row has more or fewer columns.
    """
    lines = read_lines(path)
    header = next(lines, ("", ""))[1].split(separator)
    missing = [column for column in columns if column not in header]
    if missing:
        raise UserError(
            f"{path} has no column {missing[0]!r}: its first line must name the columns "
            f"{separator.join(columns)}"
        )
    for row, line in lines:
        if not line.strip():
            continue
        fields = line.split(separator)
        if len(fields) != len(header):
            raise UserError(f"{row} has {len(fields)} columns instead of {len(header)}")
        yield row, dict(zip(header, fields, strict=True))


def check_sources(sources: Iterable[ClipSource]) -> None:
    """Refuse clips without a gloss, two of one id, and ids that no CTM file can hold.

    Raises:
        UserError: naming the row.
    """
    rows: dict[str, str] = {}
    for source in sources:
        if not source.id.strip():
            raise UserError(f"{source.row}: the clip has no id")
        if len(source.id.split()) > 1:
            raise UserError(f"{source.row}: the id {source.id!r} has white space: replace it")
        if source.id.startswith(";"):
            raise UserError(f"{source.row}: the id {source.id!r} begins with ;, as comments do")
        if not source.glosses:
            raise UserError(f"{source.row}: clip {source.id} has no glosses")
        if source.id in rows:
            raise UserError(f"{source.row}: clip {source.id} is in {rows[source.id]} already")
        rows[source.id] = source.row


def vocabulary_of(splits: dict[str, list[ClipSource]]) -> list[str]:
    """The distinct glosses of every split, sorted by code point: classes 1, 2, …"""
    return sorted({g for sources in splits.values() for source in sources for g in source.glosses})


def clip_path(folder: Path, name: str, row: str, *, allow_outside: bool = False) -> Path:
    """Where the clip that a table calls `name` lies below `folder`.

    A name may be composed where the file system has it decomposed (ü in one character or two), or
    the other way round; where neither is there, the path is as the table has it.

    Raises:
        UserError: the name, or a link there, leads out of `folder`, and `allow_outside` is False.
    """
    path = folder / name
    if not (name.isascii() or exists(path)):
        forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
        spellings = [folder / spelling for spelling in (*forms, clean_text(name, row))]
        path = next(filter(exists, spellings), path)
    inside = Path(os.path.realpath(path)).is_relative_to(real_folder(folder))
    if not inside and not allow_outside:
        raise UserError(
            f"{row}: {name!r} leads out of {folder}: move the clip there; a custom_corpus may also"
            " be prepared, or its table aligned, with --allow_outside"
        )
    return path


@functools.lru_cache(maxsize=8)
def real_folder(folder: Path) -> str:
    """Without links; asked once for a table, not once for each of its rows."""
    return os.path.realpath(folder)


def exists(path: Path) -> bool:
    """Unlike the method, no error for a name too long for any file."""
    return os.path.exists(path)  # noqa: PTH110


def first_folder(root: Path, folders: Sequence[str]) -> Path:
    """The first of the folders that is there; where none is, the first of all."""
    return next(
        (root / folder for folder in folders if (root / folder).is_dir()), root / folders[0]
    )


def find_root(data_path: Path, nested: Sequence[str], marker: str, tree: str) -> Path:
    """The dataset's folder: `data_path` itself, or one of the folders it is unpacked into.

    Raises:
        UserError: `marker`, a file every copy has, is in none of them.
    """
    for folder in ("", *nested):
        if (data_path / folder / marker).is_file():
            return data_path / folder
    raise UserError(f"{data_path} has no {marker}; expected is the folder of{tree}")
