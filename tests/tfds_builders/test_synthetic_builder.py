"""The builder writes what the corpus draws, in the record schema of the package."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from tfds_builders.synthetic_signs.corpus import DEMO, make_clip
from tfds_builders.synthetic_signs.synthetic_signs_dataset_builder import (
    Builder,
    SyntheticSignsConfig,
)


def test_round_trip(tmp_path: Path) -> None:
    corpus = replace(DEMO, clips={"train": 3, "dev": 1, "test": 1})
    config = SyntheticSignsConfig(name="tiny", corpus=corpus)
    builder = Builder(data_dir=tmp_path, config=config, file_format="array_record")
    builder.download_and_prepare()

    metadata = Builder(data_dir=tmp_path, config=config).info.metadata
    assert metadata["vocabulary"] == sorted(gloss.name for gloss in DEMO.lexicon)
    assert metadata["frame_size"] == [72, 72]
    assert {split: len(builder.as_data_source(split)) for split in builder.info.splits} == {
        "train": 3,
        "dev": 1,
        "test": 1,
    }
    records = {record["id"].decode(): record for record in builder.as_data_source("train")}
    assert sorted(records) == ["train-00000", "train-00001", "train-00002"]
    clip, record = make_clip(corpus, "train", 2), records["train-00002"]
    assert record["signer"].decode() == clip.signer
    assert [gloss.decode() for gloss in record["glosses"]] == list(clip.glosses)
    encoded = [np.frombuffer(frame, np.uint8) for frame in record["frames"]]
    frames = np.array([cv2.imdecode(frame, cv2.IMREAD_COLOR) for frame in encoded])
    assert frames.shape == clip.frames.shape
    assert np.abs(frames[..., ::-1].astype(float) - clip.frames).mean() < 3


def test_named_configs() -> None:
    assert list(Builder.builder_configs) == ["demo", "slow", "full"]
    assert Builder.name == "synthetic_signs"


def test_import_is_light() -> None:
    code = (
        "import sys, tfds_builders.synthetic_signs.synthetic_signs_dataset_builder;"
        "print([m for m in ('jax', 'tensorflow', 'sfsign_jax') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
