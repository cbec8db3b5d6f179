"""Anyone's own recordings: one table, corpus.csv, beside them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from sfsign_jax.data.remarks import remark
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text, read_text
from tfds_builders.annotations import ClipSource, clip_path, exists, find_root

MARKER = "corpus.csv"
COLUMNS = ("id", "video", "glosses", "split", "signer")
SPLITS = ("train", "dev", "test")
ALSO_CALLED = {"val": "dev", "valid": "dev", "validation": "dev"}
TREE = """
    FOLDER/
      corpus.csv               id,video,glosses,split,signer
      …                        the videos and folders of frames that its column video names"""


def clip_sources(data_path: Path, *, allow_outside: bool = False) -> dict[str, list[ClipSource]]:
    """The clips of every split; `allow_outside` of the folder of the table."""
    root = find_root(data_path, (), MARKER, TREE)
    splits: dict[str, list[ClipSource]] = {}
    for row, raw in read_rows(root / MARKER):
        fields = {column: clean_text(text, row) for column, text in raw.items()}
        # Not cleaned: a file is called what it is called.
        video = clip_path(root, raw["video"], row, allow_outside=allow_outside)
        if not exists(video):
            raise UserError(f"{row}: there is no {str(video)!r}")
        split = fields["split"].lower()
        split = ALSO_CALLED.get(split, split)
        if split not in SPLITS:
            raise UserError(f"{row}: the split is {fields['split']!r}; it is train, dev or test")
        signer = fields["signer"] or "unknown"
        source = ClipSource(fields["id"], signer, fields["glosses"], video, row)
        splits.setdefault(split, []).append(source)
    for split in ("train", "dev"):
        if split not in splits:
            raise UserError(f"{root / MARKER} has no {split} clip: training needs train and dev")
    return {split: splits[split] for split in SPLITS if split in splits}


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """("file, line 7", column -> text) of every row; the separator is the one the header uses.

    Raises:
        UserError: the file can't be read, has a quote that does not end, its header lacks a column
            or has one twice, or a row has too few or too many.
    """
    text = read_text(path)
    separator = max(",;\t|", key=text.lstrip().partition("\n")[0].count)
    rows = numbered_rows(path, text, separator)
    header = [clean_text(name, str(path)).strip().lower() for name in next(rows, ("", []))[1]]
    for column in COLUMNS[:-1]:
        if header.count(column) != 1:
            has = "no column" if column not in header else "more than one column"
            raise UserError(
                f"{path} has {has} {column!r}: its first line must be {','.join(COLUMNS)}"
            )
    told = False
    for row, cells in rows:
        while len(cells) > len(header) and not cells[-1].strip():
            del cells[-1]
        if len(cells) > len(header):
            raise UserError(
                f"{row} has {len(cells)} columns instead of {len(header)}: put a text that has the"
                f" separator {separator!r} in it in quotes"
            )
        fields = {"signer": ""} | dict(zip(header, map(str.strip, cells), strict=False))
        if separator in fields.get("glosses", "") and not separator.isspace() and not told:
            told = True
            remark(
                f"{row}: the glosses {fields['glosses']!r} have the separator {separator!r} in "
                "them, but spaces separate glosses"
            )
        if not all(fields.get(column) for column in COLUMNS[:2]) or "split" not in fields:
            raise UserError(f"{row} has too few columns")
        yield row, fields


def numbered_rows(path: Path, text: str, separator: str) -> Iterator[tuple[str, list[str]]]:
    """("file, line 7", cells) of every row that has some; a row begins in that line.

    Raises:
        UserError: it is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"{path}, line {line}", cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{path}, line {line} can't be read as a row of a table: {error}"
        ) from error
