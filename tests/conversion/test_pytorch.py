"""Oracle: the state dict of the PyTorch statement, with the released names."""

import dataclasses
import logging
import random
import zipfile

import numpy as np
import pytest
import torch
from oracle import oracle_of, released_tensors, small_config

from sfsign_jax.checkpoint import ModelDescription
from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.pytorch import (
    batches_tracked,
    convert_tensors,
    read_released_file,
    write_released_file,
)
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


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before PyTorch 1.6"])
def test_file_with_everything_a_release_carries_is_read(tmp_path, tensors, zipped):
    state = {
        name.replace("conv2d", "conv2d.module"): torch.tensor(t) for name, t in tensors.items()
    }
    np.random.seed(0)
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(2)).sum().backward()
    optimizer.step()
    content = {
        "epoch": 39,
        "model_state_dict": state,
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": torch.optim.lr_scheduler.MultiStepLR(
            optimizer, [40, 60], 0.2
        ).state_dict(),
        "rng_state": {
            "torch": torch.get_rng_state(),
            "cuda": [torch.get_rng_state()],
            "numpy": np.random.get_state(),
            "random": random.getstate(),
        },
    }
    torch.save(content, tmp_path / "released.pt", _use_new_zipfile_serialization=zipped)
    read = read_released_file(tmp_path / "released.pt").tensors
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor)


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "module._orig_mod."])
@pytest.mark.parametrize("key", ["model_state_dict", "state_dict", "model", None])
def test_other_trainers_names_and_keys(tmp_path, tensors, key, wrapper):
    state = {wrapper + name: torch.tensor(tensor) for name, tensor in tensors.items()}
    beside = {"epoch": np.int64(7), "best": np.float64(17.5), "lr": np.float32(1e-4)}
    torch.save({key: state} | beside if key else state, tmp_path / "a.pt")
    read = read_released_file(tmp_path / "a.pt").tensors
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor)


def test_wrappers_within_a_name(tmp_path):
    torch.save({"conv2d._orig_mod.module.s1": torch.ones(2)}, tmp_path / "a.pt")
    assert [*read_released_file(tmp_path / "a.pt").tensors] == ["conv2d.s1"]


def test_names_are_shown_without_their_control_characters(tmp_path):
    torch.save({"\x1b[2Ja\u2028": 3, "b": torch.ones(2)}, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"of numbers: \\x1b\[2Ja\\u2028$"):
        read_released_file(tmp_path / "a.pt")


def test_two_tensors_of_one_name_are_refused(tmp_path):
    torch.save({"module.a": torch.ones(2), "a": torch.zeros(2)}, tmp_path / "a.pt")
    with pytest.raises(UserError, match="two tensors named a"):
        read_released_file(tmp_path / "a.pt")


@pytest.mark.parametrize(
    "content", [{"epoch": 3}, {"net": {"a": torch.ones(2)}}, [torch.ones(2)], torch.ones(2)]
)
def test_files_without_a_state_dict(tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(UserError, match="is not a SlowFastSign checkpoint"):
        read_released_file(tmp_path / "a.pt")


def test_a_backbone_of_pyslowfast_is_told_from_a_checkpoint(tmp_path):
    torch.save({"model_state": {"s1.w": torch.ones(2)}, "cfg": ""}, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"backbone of PySlowFast: name it \.pyth"):
        read_released_file(tmp_path / "a.pt")


def test_inverted_bytes_are_never_loaded(tmp_path, tensors):
    path = tmp_path / "a.pt"
    torch.save({name: torch.tensor(tensor) for name, tensor in tensors.items()}, path)
    whole = path.read_bytes()
    for place in (0.3, 0.5, 0.9):
        start = int(place * len(whole))
        inverted = bytes(255 - byte for byte in whole[start : start + 64])
        path.write_bytes(whole[:start] + inverted + whole[start + 64 :])
        with pytest.raises(UserError, match=r"a\.pt"):
            read_released_file(path)


def test_a_file_that_was_zipped_again(tmp_path):
    torch.save({"a": torch.zeros(10_000)}, tmp_path / "a.pt")
    with (
        zipfile.ZipFile(tmp_path / "a.pt") as stored,
        zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    with pytest.raises(UserError, match="was zipped again"):
        read_released_file(tmp_path / "b.pt")


def test_a_file_without_checksums_is_taken_and_that_is_said(tmp_path, caplog):
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    with caplog.at_level(logging.WARNING):
        assert read_released_file(tmp_path / "a.pt").tensors["a"].tolist() == [1, 1]
    assert "has no checksums" in caplog.text


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(1).expand(10**6, 10**6),  # four terabytes, were it copied
        [torch.ones(10**5, dtype=torch.float16)] * 100,
    ],
    ids=["one number", "one tensor"],
)
def test_tensors_that_are_larger_than_their_file(tmp_path, value):
    state = dict(enumerate(value)) if isinstance(value, list) else {"a": value}
    torch.save({"model": state}, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"a\.pt .*(no plain arrays|small for the tensors)"):
        read_released_file(tmp_path / "a.pt")


def test_file_that_would_run_code_is_refused(tmp_path):
    torch.save({"model_state_dict": RunsCode(tmp_path / "ran")}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match=r"evil\.pt can't be read .*: it asks to run \S*open"):
        read_released_file(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


def test_half_precision_is_read(tmp_path, tensors):
    for dtype in (torch.float16, torch.bfloat16):
        state = {name: torch.tensor(tensor) for name, tensor in tensors.items()}
        half = {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}
        torch.save({"model_state_dict": half}, tmp_path / "half.pt")
        read = read_released_file(tmp_path / "half.pt").tensors
        name = "conv2d.s1.pathway0_stem.conv.weight"
        np.testing.assert_array_equal(read[name], half[name].float())


@pytest.mark.parametrize("kept", [100, 1000, 50_000])
def test_truncated_file(tmp_path, tensors, kept):
    torch.save(
        {"model_state_dict": {n: torch.tensor(t) for n, t in tensors.items()}}, tmp_path / "a.pt"
    )
    (tmp_path / "a.pt").write_bytes((tmp_path / "a.pt").read_bytes()[:kept])
    with pytest.raises(UserError, match=r"a\.pt can't be read"):
        read_released_file(tmp_path / "a.pt")


@pytest.mark.parametrize(
    "value", [3, torch.eye(3).to_sparse(), torch.empty(3, device="meta"), torch.ones(2) * 1j]
)
def test_state_that_is_not_plain_tensors(tmp_path, value):
    torch.save({"model_state_dict": {"epoch": value, 7: value}}, tmp_path / "a.pt")
    with pytest.raises(UserError, match="no plain arrays of numbers: epoch, 7"):
        read_released_file(tmp_path / "a.pt")


def test_parameters_are_read_like_tensors(tmp_path):
    parameter = torch.nn.Parameter(torch.ones(2))
    torch.save({"model_state_dict": {"a": parameter}}, tmp_path / "a.pt")
    assert read_released_file(tmp_path / "a.pt").tensors["a"].tolist() == [1, 1]


@pytest.mark.parametrize("vocabulary", [5, [1, 2], [], ["A", "A"]])
def test_vocabulary_that_is_none(tmp_path, vocabulary):
    torch.save({"model_state_dict": {}, "vocabulary": vocabulary}, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"a\.pt"):
        read_released_file(tmp_path / "a.pt")


def test_forged_array_beside_the_weights(tmp_path):
    """Its object pointers would come from the file."""

    class Forged:
        def __reduce__(self):
            return np.ndarray, ((), "O", b"AAAAAAAA")

    torch.save({"model_state_dict": {}, "rng_state": Forged()}, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"a\.pt can't be read"):
        read_released_file(tmp_path / "a.pt")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"share_classifier": 2},
        {"weight_norm": False, "share_classifier": 0},
        {"pathway_enhancement": False, "fusion": "FuseBiCat"},
    ],
    ids=str,
)
def test_there_and_back_is_bit_equal(tmp_path, changes):
    config = small_config(**changes)
    model = oracle_of(config)
    tensors = released_tensors(model)
    for name in tensors:
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.asarray(1234)
    config, state = convert_tensors(tensors, config)
    description = ModelDescription(
        config, ("A", "B", "C", "D", "E", "F"), num_batches_tracked=batches_tracked(tensors)
    )
    write_released_file(tmp_path / "back.pt", state, description)
    back = torch.load(tmp_path / "back.pt", weights_only=True)
    model.load_state_dict(back["model_state_dict"], strict=True)
    again = released_tensors(model)
    assert again.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert again[name].tobytes() == tensor.tobytes(), name
    assert read_released_file(tmp_path / "back.pt").vocabulary == description.vocabulary
    assert [path.name for path in tmp_path.iterdir()] == ["back.pt"]


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 truncated"])
def test_file_that_is_no_checkpoint(tmp_path, content):
    (tmp_path / "broken.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"broken.pt"):
        read_released_file(tmp_path / "broken.pt")


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
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


def test_classifiers_that_differ_are_not_shared(tensors):
    config = dataclasses.replace(small_config(), share_classifier=2)
    with pytest.raises(UserError, match="shared classifier that differ: classifier"):
        convert_tensors(tensors, config)


def test_other_files_are_told_from_checkpoints():
    with pytest.raises(UserError, match="no SlowFastSign checkpoint"):
        convert_tensors({"fc.weight": np.zeros((3, 3), np.float32)})


def test_key_tensors_of_strange_shapes(tensors):
    for name in ("conv2d.s3.pathway1_res0.branch2.a.weight", "conv1d.main_temporal_conv.0.weight"):
        with pytest.raises(UserError, match=r"strange shapes|does not fit"):
            convert_tensors(tensors | {name: np.zeros(3, np.float32)})
