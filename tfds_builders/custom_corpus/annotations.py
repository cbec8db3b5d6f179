"""Anyone's own recordings: one table, corpus.csv, beside them."""

import csv
from pathlib import Path

from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource, find_root

MARKER = "corpus.csv"
COLUMNS = ("id", "video", "glosses", "split", "signer")
SPLITS = ("train", "dev", "test")
TREE = """
    FOLDER/
      corpus.csv               id,video,glosses,split,signer
      …                        the videos and folders of frames that its column video names"""


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    root = find_root(data_path, (), MARKER, TREE)
    splits: dict[str, list[ClipSource]] = {}
    for row, fields in read_rows(root / MARKER):
        video = root / fields["video"]
        if not video.exists():
            raise UserError(f"{row}: there is no {video}")
        if fields["split"] not in SPLITS:
            raise UserError(f"{row}: the split is {fields['split']!r}; it is train, dev or test")
        signer = fields["signer"] or "unknown"
        source = ClipSource(fields["id"], signer, fields["glosses"], video, row)
        splits.setdefault(fields["split"], []).append(source)
    for split in ("train", "dev"):
        if split not in splits:
            raise UserError(f"{root / MARKER} has no {split} clip: training needs train and dev")
    return {split: splits[split] for split in SPLITS if split in splits}


def read_rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Every row; the separator is the one the header uses."""
    try:
        return parse_rows(path, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} can't be read as a table in UTF-8: {error}") from error


def parse_rows(path: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    separator = max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.DictReader(text.split("\n"), delimiter=separator, restval="")
    missing = [column for column in COLUMNS[:-1] if column not in (reader.fieldnames or ())]
    if missing:
        raise UserError(
            f"{path} has no column {missing[0]!r}: its first line must be {','.join(COLUMNS)}"
        )
    rows = []
    for raw in reader:
        row = f"{path}, line {reader.line_num}"
        fields = {"signer": ""} | {column: text.strip() for column, text in raw.items() if column}
        if not all(fields[column] for column in COLUMNS[:2]):
            raise UserError(f"{row} has too few columns")
        rows.append((row, fields))
    return rows
