"""Features on disk: what they are, going on after an interruption, and training on them."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx
from noisy_corpus import CORPUS, LENGTHS, MODEL, noisy_record, predictions
from oracle import oracle_of, state_of
from small_dataset import small_config as run_config

from sfsign_jax.checkpoint import ModelDescription, load_checkpoint, save_checkpoint
from sfsign_jax.data.batching import Batching
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.features import (
    EvaluationFeatures,
    TrainingFeatures,
    open_features,
    read_features,
)
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.feature_extraction import extract_features
from sfsign_jax.recognition.network import Network, feature_logits
from sfsign_jax.recognition.split import predict_split
from sfsign_jax.runtime.mesh import clip_mesh
from sfsign_jax.training.loop import train

VOCABULARY = tuple("ABCDEFGH")
DATA = CORPUS._replace(
    vocabulary=VOCABULARY,
    num_frames={"train": (12, 20, 16, 12), "dev": LENGTHS},
    splits={
        "train": [noisy_record(20 + i, n) for i, n in enumerate((12, 20, 16, 12))],
        "dev": CORPUS.splits["dev"],
    },
)
BATCHING = Batching(3, (16, 40, 64))
PREPROCESSING = Preprocessing((40, 40), (32, 32))
DESCRIPTION = ModelDescription(MODEL, VOCABULARY, PREPROCESSING)


@pytest.fixture(scope="module")
def network():
    return Network(state_of(MODEL, oracle_of(MODEL)), MODEL, PREPROCESSING)


def config_for(**data):
    config = run_config(buckets=BATCHING.buckets, **data)
    config.evaluation.batch_size = BATCHING.batch_size
    config.model.update({name: getattr(MODEL, name) for name in ("hidden_size", "weight_norm")})
    backbone = dataclasses.asdict(MODEL.backbone)
    config.model.update({name: backbone[name] for name in ("depths", "temporal_blocks", "width")})
    config.model.beta_inv = MODEL.backbone.beta_inv
    return config


@pytest.fixture(scope="module")
def extracted(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("features") / "set"
    extract_features(network, DATA, BATCHING, folder)
    return folder


def test_the_network_goes_on_from_features_as_from_frames(network, extracted):
    features = open_features(extracted)
    logits_of = functools.partial(feature_logits, network)
    mesh = clip_mesh(1)
    clips = EvaluationFeatures(features, "dev")
    order = evaluation_order(clips.lengths, "masked")
    batches = evaluation_batches(clips, BATCHING, order, mesh)
    ours = predict_split(logits_of, batches, VOCABULARY, mesh)
    assert ours == predictions(network.state, 2)


def test_what_a_file_holds(extracted):
    """14 frames: padded to 16 and by 6 on each side, four steps."""
    with np.load(extracted / "dev" / f"{LENGTHS.index(14):06d}.npz") as arrays:
        assert arrays["frame_features"].shape == (28, sum(MODEL.backbone.channels))
        assert arrays["step_features"].shape == (4, MODEL.hidden_size)
        assert (arrays["first_frame"], arrays["num_frames"]) == (6, 14)
        assert np.abs(arrays["frame_features"]).sum(1).all()


def test_an_interrupted_extraction_goes_on(network, extracted, tmp_path):
    folder = tmp_path / "set"
    extract_features(network, DATA, BATCHING, folder)
    (folder / "index.json").unlink()
    (folder / "dev" / "000003.npz").unlink()
    kept = (folder / "dev" / "000002.npz").stat().st_mtime_ns
    with pytest.raises(UserError, match=r"has no index.json"):
        open_features(folder)
    extract_features(network, DATA, BATCHING, folder)
    assert (folder / "dev" / "000002.npz").stat().st_mtime_ns == kept
    for path in folder.rglob("*.npz"):
        with np.load(path) as ours, np.load(extracted / path.relative_to(folder)) as whole:
            np.testing.assert_allclose(ours["frame_features"], whole["frame_features"], atol=1e-5)
    assert (folder / "index.json").read_text() == (extracted / "index.json").read_text()


def test_a_folder_of_something_else(network, extracted, tmp_path):
    other = jax.tree.map(lambda x: x + 1, network)
    with pytest.raises(UserError, match="another checkpoint"):
        extract_features(other, DATA, BATCHING, extracted)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="something else"):
        extract_features(network, DATA, BATCHING, tmp_path)


def test_a_clip_begins_in_any_frame_of_a_step(extracted):
    features = open_features(extracted)
    stride, bucket = 4, BATCHING.buckets[-1]
    rows = read_features(features, "train", 1)
    moved = [np.concatenate([rows[first:], rows[[-1] * first]]) for first in range(stride)]
    clips = TrainingFeatures(features, max_labels=8, seed=0, stride=stride)
    drawn = []
    for epoch in range(20):
        stacked = clips.load(epoch, [0, 1], bucket)
        ours = stacked["features"][1]
        assert not ours[len(rows) :].any()
        drawn += [
            first for first in range(stride) if np.array_equal(moved[first], ours[: len(rows)])
        ]
        again = clips.load(epoch, [1], bucket)
        np.testing.assert_array_equal(again["features"][0], ours)
        assert again["num_frames"] == stacked["num_frames"][1] == 20
    assert len(drawn) == 20
    assert {*drawn} == {*range(stride)}


@pytest.mark.slow
def test_training_on_features_leaves_the_backbone(network, extracted, tmp_path, caplog):
    save_checkpoint(tmp_path / "start", network.state, DESCRIPTION)
    config = config_for(features=str(extracted))
    config.init.checkpoint = str(tmp_path / "start")
    config.training.epochs = 2
    config.model.zero_init_final_bn = False
    jax.config.update("jax_log_compiles", True)  # in every thread
    try:
        train(config, tmp_path / "run")
    finally:
        jax.config.update("jax_log_compiles", False)
    assert caplog.text.count("Finished XLA compilation of jit(train_step)") == 1
    model, description = load_checkpoint(tmp_path / "run" / "best")
    assert description.vocabulary == VOCABULARY
    after, before = (dict(nnx.to_flat_state(s)) for s in (nnx.state(model), network.state))
    changed = {
        path[0] for path in before if not np.array_equal(before[path][...], after[path][...])
    }
    assert changed == {"paths"}


def test_features_of_another_backbone(network, extracted, tmp_path):
    config = config_for(features=str(extracted))
    with pytest.raises(UserError, match=r"config.init.checkpoint"):
        train(config, tmp_path / "run")
    save_checkpoint(tmp_path / "other", jax.tree.map(lambda x: x + 1, network.state), DESCRIPTION)
    config.init.checkpoint = str(tmp_path / "other")
    with pytest.raises(UserError, match="were not made by"):
        train(config, tmp_path / "run")
    config.training.padding = "reference"
    with pytest.raises(UserError, match="masked"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
