"""Oracle: a PyTorch SlowFast (fast to slow, concatenated) and its tensors under Caffe2's names,
which the test spells out module by module."""

import pickle

import jax
import numpy as np
import pytest
import torch
from flax import nnx
from oracle import oracle_of, released_tensors, small_config

from sfsign_jax.checkpoint import ModelDescription
from sfsign_jax.conversion.backbone_files import backbone_format
from sfsign_jax.conversion.caffe2 import (
    load_backbone,
    read_caffe2_architecture,
    read_caffe2_file,
    summary,
)
from sfsign_jax.conversion.pytorch import released_tensors as tensors_of_state
from sfsign_jax.errors import UserError
from sfsign_jax.models.sign_model import model_with, new_model

PLAIN = small_config(fusion="FuseFastToSlow")


def caffe2_blobs(model):
    """A plain SlowFast's tensors as PySlowFast names them."""
    blobs = {}

    def add(name, conv, norm):
        blobs[f"{name}_w"] = conv.weight
        norm_name = "res_conv1" if name == "conv1" else "t_res_conv1" if name == "t_conv1" else name
        for suffix, value in (
            ("s", norm.weight),
            ("b", norm.bias),
            ("rm", norm.running_mean),
            ("riv", norm.running_var),
        ):
            blobs[f"{norm_name}_bn_{suffix}"] = value

    backbone = model.conv2d
    depths = {2: 2, 3: 1, 4: 1, 5: 1}
    for pathway, t in ((0, ""), (1, "t_")):
        stem = backbone.get_submodule(f"s1.pathway{pathway}_stem")
        add(f"{t}conv1", stem.conv, stem.bn)
        for stage, depth in depths.items():
            for i in range(depth):
                block = backbone.get_submodule(f"s{stage}.pathway{pathway}_res{i}")
                name = f"{t}res{stage}_{i}_branch"
                if block.projects:
                    add(f"{name}1", block.branch1, block.branch1_bn)
                for letter in "abc":
                    conv, norm = (block.branch2.get_submodule(letter + s) for s in ("", "_bn"))
                    add(f"{name}2{letter}", conv, norm)
    add("t_pool1_subsample", backbone.s1_fuse.conv_f2s, backbone.s1_fuse.bn)
    for stage in (2, 3, 4):
        fuse = backbone.get_submodule(f"s{stage}_fuse")
        add(f"t_res{stage}_{depths[stage] - 1}_branch2c_bn_subsample", fuse.conv_f2s, fuse.bn)
    return {name: tensor.detach().numpy().copy() for name, tensor in blobs.items()}


@pytest.fixture(scope="module")
def model():
    return oracle_of(PLAIN)


@pytest.fixture(scope="module")
def blobs(model):
    return caffe2_blobs(model)


def load(blobs, **changes):
    """The released backbone tensors before and after loading, and what became of each."""
    config = small_config(**changes)
    initial = nnx.state(new_model(config))
    state, outcomes = load_backbone(initial, blobs, config)
    before, after = (tensors_of_state(s, ModelDescription(config, None)) for s in (initial, state))
    for name in after:
        if not name.startswith("conv2d."):
            np.testing.assert_array_equal(before[name], after[name])
    return before, after, outcomes


def test_a_plain_slowfast_is_copied_whole(model, blobs):
    _, after, outcomes = load(blobs, fusion="FuseFastToSlow")
    assert set(outcomes.values()) == {"copied"}
    expected = released_tensors(model)
    for name in outcomes:
        np.testing.assert_array_equal(after[name], expected[name])


def test_features_are_those_of_the_file(model, blobs):
    state, _ = load_backbone(nnx.state(new_model(PLAIN)), blobs, PLAIN)
    frames = np.random.default_rng(0).normal(size=(1, 16, 32, 32, 3)).astype(np.float32)
    with torch.no_grad():
        expected = model.conv2d(torch.tensor(frames))
    ours = jax.jit(lambda state: model_with(PLAIN, state).backbone(frames, np.array([16])))(state)
    np.testing.assert_allclose(ours, expected, atol=2e-5)


def test_into_bidirectional_addition(blobs):
    before, after, outcomes = load(blobs, fusion="FuseBiAdd")
    # 8 slow channels want 8, the file's fusion added 8 more: cut off.
    name = "conv2d.s2.pathway0_res0.branch2.a.weight"
    assert outcomes[name] == "adapted"
    np.testing.assert_array_equal(after[name], blobs["res2_0_branch2a_w"][:, :8])
    # The fast stem's message had 2 * 4 channels and has 8 here; res2's 2 * 16 and 32: tiled.
    for name, blob in (("s1_fuse.bn.running_var", "pool1"), ("s2_fuse.bn.running_var", "res2_1")):
        found = {
            key: value
            for key, value in blobs.items()
            if key.startswith(f"t_{blob}") and "subsample_bn_riv" in key
        }
        (value,) = found.values()
        np.testing.assert_array_equal(
            after[f"conv2d.{name}"], np.tile(value, len(after[f"conv2d.{name}"]) // len(value))
        )
    for name in ("weight_s", "weight_f", "conv_s2f.weight", "bn2.weight", "bn2.running_mean"):
        assert outcomes[f"conv2d.s3_fuse.{name}"] == "initial"
        np.testing.assert_array_equal(
            after[f"conv2d.s3_fuse.{name}"], before[f"conv2d.s3_fuse.{name}"]
        )


def test_pyslowfasts_own_file_gives_the_same_backbone(tmp_path, blobs):
    """Its tensors are named after its modules: ours are, too, below `conv2d`."""
    torch.manual_seed(0)
    plain = oracle_of(PLAIN)
    state = {f"module.{name}": tensor for name, tensor in plain.conv2d.state_dict().items()}
    state["module.head.projection.weight"] = torch.ones(400, 3)
    path = tmp_path / "file.pyth"
    torch.save({"epoch": 3, "model_state": state, "optimizer_state": {}, "cfg": "A: 1"}, path)
    read, architecture, name_of = backbone_format(path)
    tensors = read(path)
    same = caffe2_blobs(plain)
    assert architecture(tensors) == read_caffe2_architecture(same)
    config = small_config(fusion="FuseBiAdd")
    initial = nnx.state(new_model(config))
    ours, outcomes = load_backbone(initial, tensors, config, path, name_of)
    theirs, expected = load_backbone(initial, same, config)
    assert outcomes == expected
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)
    for content in ({"model_state_dict": state}, [1]):
        torch.save(content, tmp_path / "other.pyth")
        with pytest.raises(UserError, match=r"other\.pyth has no model_state"):
            read(tmp_path / "other.pyth")
    del tensors["conv2d.s2.pathway1_res0.branch2.b.weight"]
    with pytest.raises(UserError, match=r"missing: conv2d\.s2\.pathway1_res0\.branch2\.b\.weight"):
        load_backbone(initial, tensors, config, path, name_of)


def test_a_wider_fusion_keeps_what_the_file_lacks(blobs):
    before, after, outcomes = load(blobs, fusion="FuseBiCat")
    name = "conv2d.s2.pathway1_res0.branch2.a.weight"
    assert outcomes[name] == "adapted"
    np.testing.assert_array_equal(after[name][:, :4], blobs["t_res2_0_branch2a_w"])
    np.testing.assert_array_equal(after[name][:, 4:], before[name][:, 4:])
    assert outcomes["conv2d.s1_fuse.conv_f2s.weight"] == "copied"


def test_a_temporal_kernel_over_a_spatial_one_keeps_its_first_slice(blobs):
    wider = dict(blobs)
    kernel = blobs["t_res2_1_branch2a_w"]
    assert kernel.shape[2] == 1
    wider["t_res2_1_branch2a_w"] = np.concatenate([kernel, 7 * kernel, 9 * kernel], axis=2)
    _, after, outcomes = load(wider, fusion="FuseFastToSlow")
    name = "conv2d.s2.pathway1_res1.branch2.a.weight"
    assert outcomes[name] == "adapted"
    np.testing.assert_array_equal(after[name], kernel)


def test_architecture_is_read_off_the_blobs(blobs):
    read = read_caffe2_architecture(blobs)
    assert (read.depths, read.temporal_blocks) == ((2, 1, 1, 1), (1, 1, 1, 1))
    assert (read.width, read.beta_inv) == (8, 2)
    with pytest.raises(UserError, match="t_conv1_w"):
        read_caffe2_architecture({"conv1_w": blobs["conv1_w"]})
    with pytest.raises(UserError, match="strange shapes"):
        read_caffe2_architecture(blobs | {"t_res3_0_branch2a_w": np.zeros(3)})


def test_what_is_no_backbone_is_left_out(tmp_path, blobs):
    more = {
        "pred_w": np.zeros((80, 3)),
        "conv1_w_momentum": np.zeros(3),
        "lr": np.zeros(1),
        "model_iter": np.zeros(1, np.int64),
    }
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps({"blobs": blobs | more, "cfg": "text"}, 2))
    read = read_caffe2_file(path)
    assert read.keys() == blobs.keys()
    for content in ({"weights": {}}, [1, 2], {"blobs": [1]}):
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(UserError, match=r"file\.pkl has no blobs"):
            read_caffe2_file(path)
    for blob in ("text", [1.0], np.array([None])):
        path.write_bytes(pickle.dumps({"blobs": {"conv1_w": blob}}, 2))
        with pytest.raises(UserError, match="no arrays of numbers: conv1_w"):
            read_caffe2_file(path)


def test_all_problems_come_in_one_message(blobs):
    wrong = dict(blobs)
    del wrong["t_res3_0_branch2b_bn_rm"]
    wrong["res9_0_branch1_w"] = np.zeros(3, np.float32)
    wrong["conv1_w"] = np.zeros((8, 3, 1, 3, 3), np.float32)
    wrong["res_conv1_bn_b"] = np.zeros(4, np.float32)
    wrong["t_conv1_w"] = blobs["t_conv1_w"] * np.nan
    with pytest.raises(UserError) as error:
        load(wrong)
    for name in (
        "t_res3_0_branch2b_bn_rm",
        "res9_0_branch1_w",
        "conv1_w (8",
        "res_conv1_bn_b (4",
        "t_conv1_w",
    ):
        assert name in str(error.value)


def test_summary_counts(blobs):
    text = summary(load(blobs, fusion="FuseBiAdd")[2])
    assert "tensors copied" in text and "s1_fuse.weight_s" in text
