"""Anyone's own recordings: a table, corpus.csv, beside them, or ELAN files."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from sfsign_jax.data.remarks import remark
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text, read_text
from tfds_builders.annotations import ClipSource, clip_path, exists, find_root
from tfds_builders.custom_corpus.elan_files import EAF, eaf_files, eaf_sources

MARKER = "corpus.csv"
COLUMNS = ("id", "video", "glosses", "split", "signer")
SPLITS = ("train", "dev", "test")
ALSO_CALLED = {"val": "dev", "valid": "dev", "validation": "dev"}
TIERS = {"gloss_tier": "", "sentence_tier": ""}  # columns that only ELAN files need
TREE = """
    FOLDER/
      corpus.csv               id,video,glosses,split,signer
      …                        the videos and folders of frames that its column video names
    or
    FOLDER/
      train/ dev/ test/        ELAN files (.eaf), and the videos that they link"""


def clip_sources(data_path: Path, *, allow_outside: bool = False) -> dict[str, list[ClipSource]]:
    """The clips of every split; `allow_outside` of the folder of the table."""
    table = data_path / MARKER
    rows = read_rows(table) if table.is_file() else iter(rows_of_folders(data_path))
    splits: dict[str, list[ClipSource]] = {}
    for row, raw in rows:
        fields, video = fields_and_video(data_path, row, raw, allow_outside=allow_outside)
        if not exists(video):
            raise UserError(f"{row}: there is no {str(video)!r}")
        split = split_of(fields["split"])
        if split not in SPLITS:
            raise UserError(f"{row}: the split is {fields['split']!r}; it is train, dev or test")
        splits.setdefault(split, []).extend(
            sources_of(data_path, row, fields, video, allow_outside=allow_outside)
        )
    for split in ("train", "dev"):
        if split not in splits:
            where = table if table.is_file() else data_path
            raise UserError(f"{where} has no {split} clip: training needs train and dev")
    return {split: splits[split] for split in SPLITS if split in splits}


def video_sources(table: Path, *, allow_outside: bool = False) -> list[ClipSource]:
    """The video of every row with its glosses, whatever its split and whether it is there or not.

    Raises:
        UserError: as for `read_rows`; there is no row; one leads out of the folder of the table
            (unless `allow_outside`), or stands for ELAN files.
    """
    sources = []
    for row, raw in read_rows(table):
        fields, video = fields_and_video(table.parent, row, raw, allow_outside=allow_outside)
        if elan_files(fields, video):
            raise UserError(
                f"{row}: {raw['video']!r} has times already, as ELAN files have: leave the row out"
            )
        sources.append(source_of_video(row, fields, video))
    if not sources:
        raise UserError(f"{table} has no row but its header")
    return sources


def fields_and_video(
    folder: Path, row: str, raw: dict[str, str], *, allow_outside: bool
) -> tuple[dict[str, str], Path]:
    """The texts of a row, cleaned, and where its video lies."""
    fields = {column: clean_text(text, row) for column, text in raw.items()}
    # Not cleaned: a file is called what it is called.
    return fields, clip_path(folder, raw["video"], row, allow_outside=allow_outside)


def elan_files(fields: dict[str, str], video: Path) -> list[Path]:
    """Those that a row stands for."""
    return eaf_files(video) if video.suffix.lower() == EAF or not fields["glosses"] else []


def sources_of(
    root: Path, row: str, fields: dict[str, str], video: Path, *, allow_outside: bool
) -> list[ClipSource]:
    """The clip of a row, or all those of the ELAN files that it names.

    Raises:
        UserError: it has glosses besides, or one of the files is damaged or elsewhere.
    """
    files = elan_files(fields, video)
    if not files:
        return [source_of_video(row, fields, video)]
    if fields["glosses"]:
        raise UserError(
            f"{row}: the glosses of an ELAN file are in its tiers: leave the cell empty"
        )
    sources = []
    for file in files:
        clip_path(root, str(file.absolute()), row, allow_outside=allow_outside)
        sources += eaf_sources(root, file, video, fields, allow_outside=allow_outside)
    return sources


def source_of_video(row: str, fields: dict[str, str], video: Path) -> ClipSource:
    return ClipSource(fields["id"], fields["signer"] or "unknown", fields["glosses"], video, row)


def split_of(name: str) -> str:
    return ALSO_CALLED.get(name.lower(), name.lower())


def rows_of_folders(data_path: Path) -> list[tuple[str, dict[str, str]]]:
    """What a table would say of the folders train, dev and test with ELAN files.

    Raises:
        UserError: there are none.
    """
    folders = sorted(path for path in data_path.iterdir() if split_of(path.name) in SPLITS)
    rows = [
        (str(folder), {"id": folder.name, "video": folder.name, "split": folder.name})
        for folder in folders
        if eaf_files(folder)
    ]
    if not rows:
        find_root(data_path, (), MARKER, TREE)
    return [
        (row, dict.fromkeys(("glosses", "signer"), "") | TIERS | fields) for row, fields in rows
    ]


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
        fields = {"signer": "", **TIERS} | dict(zip(header, map(str.strip, cells), strict=False))
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
