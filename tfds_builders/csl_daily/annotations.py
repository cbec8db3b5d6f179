"""CSL-Daily: Chinese sign language about daily life."""

from pathlib import Path

from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource, clip_path, find_root, first_folder, read_table

MARKER = "video_map.txt"
TREE = """
    CSL-Daily/
      video_map.txt  split_1.txt                             (or in sentence_label/)
      sentence/frames_256x256/<name>/*.jpg                   (or frames_512x512)"""
FOLDERS = ("sentence_label", "CSL-Daily", "CSL-Daily/sentence_label")
FRAMES = ("sentence/frames_256x256", "sentence/frames_512x512")
# In the map, but in no split: the published experiments trained on it.
SPLIT_OF_MISSING = {"S000007_P0003_T00": "train"}


def clip_sources(data_path: Path) -> dict[str, list[ClipSource]]:
    labels = find_root(data_path, FOLDERS, MARKER, TREE)
    root = labels.parent if labels.name == "sentence_label" else labels
    frames = first_folder(root, FRAMES)
    table = labels / "split_1.txt"
    split_of: dict[str, str] = {}
    for row, fields in read_table(table, ("name", "split")):
        if split_of.setdefault(fields["name"], fields["split"]) != fields["split"]:
            raise UserError(f"{row}: clip {fields['name']} is in another split already")
    splits: dict[str, list[ClipSource]] = {"train": [], "dev": [], "test": []}
    for row, fields in read_table(labels / MARKER, ("name", "gloss")):
        name = fields["name"]
        split = split_of.get(name) or SPLIT_OF_MISSING.get(name)
        if split not in splits:
            raise UserError(f"{row}: clip {name} is in no split of {table}")
        signer = name.split("_")[1] if "_" in name else "unknown"  # S000007_P0003_T00
        path = clip_path(frames, name, row)
        splits[split].append(ClipSource(name, signer, fields["gloss"], path, row))
    return splits
