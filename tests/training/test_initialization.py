"""Oracle: the checkpoint itself, tensor by tensor."""

import numpy as np
import pytest
from flax import nnx
from ml_collections import ConfigDict
from oracle import oracle_of, small_config, state_of

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.errors import UserError
from sfsign_jax.training.initialization import initial_weights

CONFIG = small_config()
VOCABULARY = ("A", "B", "C", "D", "E", "F")


@pytest.fixture(scope="module")
def weights():
    return state_of(CONFIG, oracle_of(CONFIG))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, weights):
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    save_checkpoint(folder, weights, ModelDescription(CONFIG, VOCABULARY))
    return folder


def start(config=CONFIG, vocabulary=VOCABULARY, backbone="", checkpoint="", new_head=False):
    init = ConfigDict(
        {"backbone": str(backbone), "checkpoint": str(checkpoint), "new_head": new_head}
    )
    return initial_weights(config, vocabulary, init, seed=0)


def test_same_vocabulary_keeps_every_weight(weights, checkpoint):
    state, origin = start(checkpoint=checkpoint)
    assert "all weights" in origin
    for (path, expected), (_, ours) in zip(
        nnx.to_flat_state(weights), nnx.to_flat_state(state), strict=True
    ):
        np.testing.assert_array_equal(expected[...], ours[...], err_msg=str(path))


@pytest.mark.parametrize("vocabulary", [("F", "E", "D", "C", "B", "A"), ("A", "B", "C")])
def test_another_vocabulary_keeps_all_but_the_classifiers(weights, checkpoint, vocabulary):
    config = small_config(num_classes=len(vocabulary) + 1, lstm_dropout=0.5)
    state, origin = start(config, vocabulary, checkpoint=checkpoint)
    assert "classifiers start anew" in origin
    fresh = dict(nnx.to_flat_state(start(config, vocabulary)[0]))
    for (path, expected), (_, ours) in zip(
        nnx.to_flat_state(weights), nnx.to_flat_state(state), strict=True
    ):
        if "classifier" in path:
            expected = fresh[path]
        np.testing.assert_array_equal(expected[...], ours[...], err_msg=str(path))


def test_heads_of_the_pathways_start_anew_where_there_are_none(weights, tmp_path):
    alone = small_config(pathway_enhancement=False)
    kept = nnx.from_flat_state(
        [(path, x) for path, x in nnx.to_flat_state(weights) if not {"slow", "fast"} & {*path[:2]}]
    )
    save_checkpoint(tmp_path / "alone", kept, ModelDescription(alone, VOCABULARY))
    state, origin = start(checkpoint=tmp_path / "alone")
    assert "no heads for each pathway" in origin
    fresh, theirs = (dict(nnx.to_flat_state(x)) for x in (start()[0], weights))
    for path, ours in nnx.to_flat_state(state):
        expected = (fresh if {"slow", "fast"} & {*path[:2]} else theirs)[path]
        np.testing.assert_array_equal(ours[...], expected[...], err_msg=str(path))
    without, origin = start(alone, checkpoint=tmp_path / "alone")
    assert origin == f"all weights of {tmp_path / 'alone'}"
    assert {path[1] for path, _ in nnx.to_flat_state(without) if path[0] == "paths"} == {"main"}


def test_a_new_head_keeps_the_backbone_alone(weights, checkpoint):
    config = small_config(pathway_enhancement=False, hidden_size=16)
    state, origin = start(config, checkpoint=checkpoint, new_head=True)
    assert "a new head" in origin
    fresh, theirs = (dict(nnx.to_flat_state(x)) for x in (start(config)[0], weights))
    for path, ours in nnx.to_flat_state(state):
        expected = (theirs if path[0] == "backbone" else fresh)[path]
        np.testing.assert_array_equal(expected[...], ours[...], err_msg=str(path))
    with pytest.raises(UserError, match="fusion is FuseBiAdd there and FuseBiCat in"):
        start(small_config(fusion="FuseBiCat"), checkpoint=checkpoint, new_head=True)
    with pytest.raises(UserError, match="new_head is for the backbone of a"):
        start(new_head=True)


def test_another_architecture_is_refused_with_the_difference(checkpoint):
    with pytest.raises(UserError, match="fusion is FuseBiAdd there and FuseBiCat in"):
        start(small_config(fusion="FuseBiCat"), checkpoint=checkpoint)


def test_both_at_once_and_missing_files_are_refused(checkpoint, tmp_path):
    with pytest.raises(UserError, match="choose one"):
        start(backbone=tmp_path / "a.pkl", checkpoint=checkpoint)
    with pytest.raises(UserError, match=r"a\.pkl can't be read"):
        start(backbone=tmp_path / "a.pkl")
    with pytest.raises(UserError, match="not a checkpoint"):
        start(checkpoint=tmp_path / "nowhere")
