"""Oracle: numbers that the published PyTorch code computed (see published_mini.py)."""

import dataclasses

import jax
import numpy as np
import pytest
import torch
from oracle import oracle_of
from published_mini import CONFIG, LABELS, NUMBERS, clips, released_tensors
from torch_reference import centre_crop, normalise, pad_batch, training_loss

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.conversion.pytorch import convert_tensors
from sfsign_jax.data.batching import stack_clips
from sfsign_jax.models.sign_model import model_with
from sfsign_jax.recognition.recognizer import load
from sfsign_jax.training import Recipe, train_step
from sfsign_jax.training.state import train_state_of

PARTS = ("seq_ctc", "conv_ctc", "distillation", "slow", "fast")


@pytest.fixture(scope="module")
def state():
    config, state = convert_tensors(released_tensors())
    assert config == dataclasses.replace(CONFIG, feature_dropout=0.5, lstm_dropout=0.3)
    return state


@pytest.fixture(scope="module")
def recognizer(state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mini") / "model"
    save_checkpoint(folder, state, ModelDescription(CONFIG, None))
    return load(folder)


def assert_published(logits, row, prefix, published_row):
    steps = int(logits.num_steps[row])
    for kind in ("conv_logits", "sequence_logits"):
        expected = NUMBERS[prefix + kind][published_row, :steps]
        ours = getattr(logits, kind)[row, :steps]
        np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("bucket", [32, 96])
def test_logits_of_a_batch_in_reference_padding(recognizer, bucket):
    logits = recognizer.logits(clips(), padding="reference", bucket=bucket)
    for row in range(2):
        assert_published(logits, row, "", row)


def test_logits_of_each_clip_alone_in_masked_padding(recognizer):
    """The same alone, in a batch of three, and in a bucket 64 frames longer."""
    long, short = clips()
    together = recognizer.logits([short, long, short], bucket=96)
    for row, number in enumerate((1, 0, 1)):
        assert_published(together, row, f"alone{number}_", 0)
    assert_published(recognizer.logits([short]), 0, "alone1_", 0)


@pytest.mark.slow
def test_frame_features(state):
    frames, num_frames = stack_clips([clip[:, 16:-16, 16:-16] for clip in clips()], 32)
    frames = ((frames / 255 - 0.45) / 0.225).astype(np.float32)

    @jax.jit
    def features_of(state):
        return model_with(CONFIG, state)(frames, num_frames, padding="reference").features

    np.testing.assert_allclose(
        features_of(state)[..., ::16], NUMBERS["framewise"], rtol=0, atol=2e-5
    )


@pytest.mark.slow
def test_first_training_step(state):
    recipe = Recipe(steps_per_epoch=1, learning_rate=1e-3, padding="reference")
    frames, num_frames = stack_clips(clips(), 32)
    batch = {
        "frames": frames,
        "num_frames": num_frames,
        "corner": np.full((2, 2), 16, np.int32),
        "flip": np.zeros(2, bool),
        "labels": np.array([label + [0] * (4 - len(label)) for label in LABELS], np.int32),
        "num_labels": np.array([len(label) for label in LABELS], np.int32),
    }
    _, metrics = train_step(train_state_of(state, recipe), batch, config=CONFIG, recipe=recipe)
    assert float(metrics["loss"]) == pytest.approx(float(NUMBERS["loss"]), rel=1e-4)
    ours = [float(metrics[part]) for part in PARTS]
    np.testing.assert_allclose(ours, NUMBERS["parts"], rtol=1e-3)
    assert float(metrics["grad_norm"]) == pytest.approx(float(NUMBERS["grad_norm"]), rel=2e-3)


def test_the_pytorch_statement_gives_them_too():
    model = oracle_of(CONFIG)
    model.load_state_dict({name: torch.tensor(t) for name, t in released_tensors().items()})
    frames, lengths = pad_batch([normalise(centre_crop(torch.tensor(clip))) for clip in clips()])
    with torch.no_grad():
        outputs = model.eval()(frames, lengths)
        features = outputs["framewise"][..., ::16]
        np.testing.assert_allclose(features, NUMBERS["framewise"], rtol=0, atol=2e-5)
        for kind in ("conv_logits", "sequence_logits"):
            np.testing.assert_allclose(outputs["main"][kind], NUMBERS[kind], rtol=0, atol=2e-5)
    loss, parts = training_loss(model.train()(frames, lengths), LABELS)
    assert loss.item() == pytest.approx(float(NUMBERS["loss"]), rel=1e-4)
    np.testing.assert_allclose([p.item() for p in parts.values()], NUMBERS["parts"], rtol=1e-3)
