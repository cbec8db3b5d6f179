"""CSL, the continuous part of the Chinese sign language dataset: lists of name|glosses."""

from pathlib import Path, PurePosixPath

from sfsign_jax.errors import UserError
from sfsign_jax.text import read_lines
from tfds_builders.annotations import ClipSource, clip_path, exists, find_root

MARKER = "train.txt"
FOLDERS = ("CSL",)
TREE = """
    CSL/
      train.txt  dev.txt       name|glosses
      <name>/*.jpg                                   (the last part of the name, if absolute)"""


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    root = find_root(data_path, FOLDERS, MARKER, TREE)
    return {split: split_sources(root, split) for split in ("train", "dev")}


def split_sources(root: Path, split: str) -> list[ClipSource]:
    path = root / f"{split}.txt"
    sources = []
    for row, line in read_lines(path):
        name, separator, glosses = line.partition("|")
        if not line.strip():
            continue
        if not (separator and glosses.split()):
            raise UserError(f"{row} is not name|glosses: {line!r}")
        name = name_below(root, name.strip())
        sources.append(ClipSource(name, "unknown", glosses, clip_path(root, name, row), row))
    return sources


def name_below(root: Path, name: str) -> str:
    """The published lists name the folders of the machine they were made on.

    Of /disk1/dataset/CSL_Continuous/video250 that is the longest end that lies below `root`, or
    else the last part.
    """
    path = PurePosixPath(name)
    if not path.is_absolute():
        return name
    ends = [PurePosixPath(*path.parts[i:]) for i in range(1, len(path.parts))]
    found = (end for end in ends if exists(root / end))
    return str(next(found, path.name))
