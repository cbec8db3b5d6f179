"""What a converted checkpoint knows beside its weights."""

import runpy
import sys
import types
from pathlib import Path

import pytest
import torch
from oracle import oracle_of, small_config

from sfsign_jax.checkpoint import read_description
from sfsign_jax.data import catalog
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError

TOOL = Path(__file__).parents[2] / "tools" / "convert_weights.py"
DATASET = types.SimpleNamespace(
    vocabulary=tuple("ABCDEF"), frame_size=(256, 256), drop_top_rows=40, frame_rate=30.0
)


@pytest.fixture
def convert(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "open_dataset", lambda *_: DATASET)
    torch.save(
        {"model_state_dict": oracle_of(small_config()).state_dict()}, tmp_path / "released.pt"
    )

    def run(*options):
        destination = tmp_path / "model"
        command = ["convert_weights", str(tmp_path / "released.pt"), str(destination)]
        monkeypatch.setattr(sys, "argv", [*command, *options])
        runpy.run_path(str(TOOL))["main"]()
        return read_description(destination).preprocessing

    return run


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], Preprocessing()),
        (["--dataset", "csl_daily"], Preprocessing(drop_top_rows=40, frame_rate=30.0)),
        (
            ["--preprocessing.drop_top_rows=48", "--preprocessing.frame_rate=25"],
            Preprocessing(drop_top_rows=48, frame_rate=25.0),
        ),
        (
            ["--dataset", "csl_daily", "--preprocessing.drop_top_rows=0"],
            Preprocessing(drop_top_rows=0, frame_rate=30.0),
        ),
    ],
)
def test_a_converted_checkpoint_knows_how_its_frames_were_stored(convert, options, expected):
    assert convert(*options) == expected


def test_a_dataset_of_smaller_frames_than_the_weights_take(convert, monkeypatch):
    monkeypatch.setattr(DATASET, "frame_size", (72, 72))
    with pytest.raises(UserError, match=r"crop_size is \(224, 224\): .* frames of \(72, 72\)"):
        convert("--dataset", "synthetic_signs/demo")


def test_more_rows_than_a_frame_has(convert):
    with pytest.raises(UserError, match="drop_top_rows is 256, but the frames have 256 rows"):
        convert("--preprocessing.drop_top_rows=256")
