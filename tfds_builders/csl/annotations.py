"""CSL, the continuous part of the Chinese sign language dataset: lists of name|glosses."""

from pathlib import Path

from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource, find_root

MARKER = "train.txt"
FOLDERS = ("CSL",)
TREE = """
    CSL/
      train.txt  dev.txt       name|glosses
      <name>/*.jpg"""


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    root = find_root(data_path, FOLDERS, MARKER, TREE)
    return {split: split_sources(root, split) for split in ("train", "dev")}


def split_sources(root: Path, split: str) -> list[ClipSource]:
    path = root / f"{split}.txt"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as a list of clips: {error}") from error
    sources = []
    for number, line in enumerate(lines, start=1):
        name, separator, glosses = line.partition("|")
        if line.strip() and not (separator and glosses.split()):
            raise UserError(f"{path}, line {number} is not name|glosses: {line!r}")
        if line.strip():
            row = f"{path}, line {number}"
            sources.append(ClipSource(name, "unknown", glosses, root / name, row))
    return sources
