"""Small copies of the real corpora's folders, with drawn frames."""

from pathlib import Path

import cv2
import numpy as np

from sfsign_jax.data.frames import decode_frame

ROWS = {
    "train": [("a-1", "Signer01", "REGEN  loc-NORD WIND"), ("a-2", "Signer02", "WIND SONNE")],
    "dev": [("b-1", "Signer01", "SONNE __PU__ REGEN")],
    "test": [("c-1", "Signer03", "S  H WIND ZEIGEN")],
}


def frame(seed: int, size: tuple[int, int]) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC)


def write_frames(folder: Path, size: tuple[int, int], suffix: str = ".png", count: int = 3) -> None:
    folder.mkdir(parents=True)
    for i in range(count):
        cv2.imwrite(str(folder / f"frame{i:03d}{suffix}"), frame(i, size))


def phoenix2014(parent: Path, size: tuple[int, int] = (260, 210)) -> Path:
    root = parent / "phoenix-2014-multisigner"
    (root / "annotations/manual").mkdir(parents=True)
    features = f"fullFrame-{size[1]}x{size[0]}px"
    for split, rows in ROWS.items():
        lines = ["id|folder|signer|annotation"]
        for clip, signer, annotation in rows:
            lines.append(f"{clip}|{clip}/1/*.png|{signer}|{annotation}")
            write_frames(root / "features" / features / split / clip / "1", size)
        table = root / f"annotations/manual/{split}.corpus.csv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def phoenix2014_t(parent: Path, size: tuple[int, int] = (256, 256)) -> Path:
    root = parent / "PHOENIX-2014-T"
    (root / "annotations/manual").mkdir(parents=True)
    for split, rows in ROWS.items():
        lines = ["name|video|start|end|speaker|orth|translation"]
        for clip, signer, annotation in rows:
            lines.append(f"{clip}|{clip}/1/*.png|-1|-1|{signer}|{annotation}|es regnet")
            write_frames(root / "features/fullFrame-256x256px" / split / clip, size)
        table = root / f"annotations/manual/PHOENIX-2014-T.{split}.corpus.csv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def csl_daily(parent: Path, size: tuple[int, int] = (512, 512)) -> Path:
    root = parent / "CSL-Daily"
    root.mkdir(parents=True)
    splits = {
        "S000001_P0000_T00": "train",
        "S000002_P0001_T00": "dev",
        "S000003_P0004_T00": "test",
        "S000005_P0004_T00": "train",  # the map lacks it
    }
    names = ["S000001_P0000_T00", "S000002_P0001_T00", "S000003_P0004_T00", "S000007_P0003_T00"]
    rows = [f"{i}|{name}|3|你们 好|||" for i, name in enumerate(names)]
    (root / "video_map.txt").write_text(
        "\n".join(["index|name|length|gloss|char|word|postag", *rows]) + "\n", encoding="utf-8"
    )
    lines = [f"{name}|{split}" for name, split in splits.items()]
    (root / "split_1.txt").write_text("\n".join(["name|split", *lines]) + "\n")
    for name in names:
        write_frames(root / "sentence/frames_512x512" / name, size, ".jpg")
    return root


def csl(parent: Path) -> Path:
    root = parent / "CSL"
    for name in ("P01_s1", "P02_s1"):
        write_frames(root / name, (256, 256), ".jpg")
    (root / "train.txt").write_text("P01_s1|他 好\n", encoding="utf-8")
    (root / "dev.txt").write_text("P02_s1|好 他\n", encoding="utf-8")
    return root


def decoded(images: list[bytes]) -> np.ndarray:
    return np.stack([decode_frame(image, "a frame") for image in images])
