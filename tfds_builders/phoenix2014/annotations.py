"""RWTH-PHOENIX-Weather 2014, the multi-signer recordings."""

from pathlib import Path

from sfsign_jax.evaluation.cleaning import clean_line
from sfsign_jax.evaluation.transcripts import read_stm
from tfds_builders.annotations import ClipSource, clip_path, find_root, first_folder, read_table

MARKER = "annotations/manual/train.corpus.csv"
TREE = """
    phoenix-2014-multisigner/
      annotations/manual/{train,dev,test}.corpus.csv
      evaluation/phoenix2014-groundtruth-{dev,test}.stm      (if there)
      features/fullFrame-256x256px/<split>/<id>/1/*.png      (or fullFrame-210x260px)"""
FOLDERS = ("phoenix-2014-multisigner", "phoenix2014/phoenix-2014-multisigner")
FRAMES = ("features/fullFrame-256x256px", "features/fullFrame-210x260px")  # as there are
# Its frames are damaged in the published corpus; everyone leaves it out.
BROKEN = "13April_2011_Wednesday_tagesschau_default-14"


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    root = find_root(data_path, FOLDERS, MARKER, TREE)
    frames = first_folder(root, FRAMES)
    return {split: list(split_sources(root, frames, split)) for split in ("train", "dev", "test")}


def split_sources(root: Path, frames: Path, split: str):
    columns = ("id", "folder", "signer", "annotation")
    for row, fields in read_table(root / f"annotations/manual/{split}.corpus.csv", columns):
        if fields["id"] == BROKEN:
            continue
        folder = clip_path(frames / split, str(Path(fields["folder"]).parent), row)
        yield ClipSource(fields["id"], fields["signer"], fields["annotation"], folder, row)


def references(data_path: Path, splits: dict[str, list[ClipSource]]) -> dict[str, dict[str, str]]:
    """The official ones where the corpus brings them, else the annotations, cleaned."""
    root = find_root(data_path, FOLDERS, MARKER, TREE)
    found = {}
    for split in ("dev", "test"):
        official = root / "evaluation" / f"phoenix2014-groundtruth-{split}.stm"
        if official.is_file():
            lines = {clip: " ".join(glosses) for clip, glosses in read_stm(official).items()}
        else:
            lines = {source.id: clean_line(source.annotation) for source in splits[split]}
        found[split] = lines
    return found
