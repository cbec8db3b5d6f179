"""RWTH-PHOENIX-Weather 2014 T, with translations into German."""

from collections.abc import Iterator
from pathlib import Path

from tfds_builders.annotations import ClipSource, clip_path, find_root, first_folder, read_table

TABLE = "annotations/manual/PHOENIX-2014-T.{split}.corpus.csv"
TREE = """
    PHOENIX-2014-T/
      annotations/manual/PHOENIX-2014-T.{train,dev,test}.corpus.csv
      features/fullFrame-256x256px/<split>/<name>/*.png      (or fullFrame-210x260px)"""
FOLDERS = (
    "PHOENIX-2014-T",
    "phoenix2014-T",
    "PHOENIX-2014-T-release-v3/PHOENIX-2014-T",
    "phoenix2014-T/PHOENIX-2014-T",
)
FRAMES = ("features/fullFrame-256x256px", "features/fullFrame-210x260px")


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    root = find_root(data_path, FOLDERS, TABLE.format(split="train"), TREE)
    frames = first_folder(root, FRAMES)
    return {split: list(split_sources(root, frames, split)) for split in ("train", "dev", "test")}


def split_sources(root: Path, frames: Path, split: str) -> Iterator[ClipSource]:
    columns = ("name", "video", "speaker", "orth")
    for row, fields in read_table(root / TABLE.format(split=split), columns):
        folder = clip_path(frames / split, fields["name"], row)
        yield ClipSource(fields["name"], fields["speaker"], fields["orth"], folder, row)
