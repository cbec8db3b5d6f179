"""Oracle: the state dict of the PyTorch statement, with the released names."""

import numpy as np
import pytest
import torch
from oracle import oracle_of, released_tensors, small_config

from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.pytorch import convert_tensors, read_released_file
from sfsign_jax.errors import UserError


class RunsCode:
    """Pickled, it would make a file on loading."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture(scope="module")
def tensors():
    return released_tensors(oracle_of(small_config()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fusion": "FuseBiCat"},
        {"fusion": "FuseFastToSlow"},
        {"temporal_stack": ("P2", "P2", "K5", "K5")},
        {"temporal_stack": ("K3",)},
        {"share_classifier": 0},
        {"share_classifier": 2},
        {"weight_norm": False},
        {"pathway_enhancement": False},
    ],
    ids=str,
)
def test_architecture_is_read_off_the_file(changes):
    config = small_config(**changes)
    read = read_architecture(released_tensors(oracle_of(config)))
    # Dropout leaves no trace in a file.
    assert read.backbone == config.backbone
    for field in ("num_classes", "temporal_stack", "hidden_size", "pathway_enhancement"):
        assert getattr(read, field) == getattr(config, field)
    assert (read.share_classifier, read.weight_norm) == (
        config.share_classifier,
        config.weight_norm,
    )


def test_file_with_random_state_is_read(tmp_path, tensors):
    state = {
        name.replace("conv2d", "conv2d.module"): torch.tensor(t) for name, t in tensors.items()
    }
    np.random.seed(0)
    content = {
        "epoch": 39,
        "model_state_dict": state,
        "rng_state": {"numpy": np.random.get_state(), "torch": torch.get_rng_state()},
    }
    torch.save(content, tmp_path / "released.pt")
    read = read_released_file(tmp_path / "released.pt")
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor)


def test_file_that_would_run_code_is_refused(tmp_path):
    torch.save({"model_state_dict": RunsCode(tmp_path / "ran")}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match="can't be read"):
        read_released_file(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 truncated"])
def test_file_that_is_no_checkpoint(tmp_path, content):
    (tmp_path / "broken.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"broken.pt"):
        read_released_file(tmp_path / "broken.pt")


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="There is no file"):
        read_released_file(tmp_path / "missing.pt")


def test_all_problems_come_in_one_message(tensors):
    wrong = dict(tensors)
    del wrong["conv2d.s2_fuse.bn.weight"]
    wrong["conv2d.s9.weight"] = np.zeros(3, np.float32)
    wrong["conv2d.s1.pathway0_stem.bn.bias"] = np.zeros(99, np.float32)
    wrong["conv2d.s1.pathway1_stem.bn.bias"] = tensors["conv2d.s1.pathway1_stem.bn.bias"] * np.nan
    with pytest.raises(UserError) as error:
        convert_tensors(wrong)
    for name in (
        "s2_fuse.bn.weight",
        "s9.weight",
        "pathway0_stem.bn.bias",
        "pathway1_stem.bn.bias",
    ):
        assert name in str(error.value)


def test_other_files_are_told_from_checkpoints():
    with pytest.raises(UserError, match="no SlowFastSign checkpoint"):
        convert_tensors({"fc.weight": np.zeros((3, 3), np.float32)})
