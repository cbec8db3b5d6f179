"""Oracle: the PyTorch statement trained in float64, and properties of the step."""

import dataclasses

import jax
import numpy as np
import pytest
from oracle import small_config

from sfsign_jax.training import Recipe, create_train_state, learning_rate, train_step

CONFIG = small_config(num_classes=5)
CONFIG = dataclasses.replace(
    CONFIG, backbone=dataclasses.replace(CONFIG.backbone, depths=(1, 1, 1, 1))
)
RECIPE = Recipe(epochs=4, steps_per_epoch=10, learning_rate=1e-3, crop_size=(32, 32))


def batch(bucket=16, labels=((1, 2), (3, 0)), num_frames=(14, 11)):
    rng = np.random.default_rng(0)
    frames = np.zeros((2, bucket, 40, 40, 3), np.uint8)
    for row, n in zip(frames, num_frames, strict=True):
        row[:n] = rng.integers(0, 256, (n, 40, 40, 3))
    return {
        "frames": frames,
        "num_frames": np.array(num_frames, np.int32),
        "corner": np.array([[0, 3], [8, 1]], np.int32),
        "flip": np.array([True, False]),
        "labels": np.array(labels, np.int32),
        "num_labels": np.array([2, 1], np.int32),
    }


def leaves(state):
    return [np.asarray(leaf) for leaf in jax.tree.leaves((state.params, state.batch_stats))]


def test_loss_falls_and_the_program_compiles_once():
    state = create_train_state(CONFIG, RECIPE)
    before = train_step._cache_size()
    losses = []
    for _ in range(12):
        state, metrics = train_step(state, batch(), config=CONFIG, recipe=RECIPE)
        losses.append(float(metrics["loss"]))
    assert losses[-1] < 0.7 * losses[0]
    assert train_step._cache_size() == before + 1
    assert int(state.step) == 12
    parts = ("seq_ctc", "conv_ctc", "distillation", "slow", "fast")
    assert sum(float(metrics[part]) for part in parts) == pytest.approx(losses[-1], rel=1e-4)


def test_a_batch_that_is_not_finite_changes_nothing_but_the_counts():
    state = create_train_state(CONFIG, RECIPE)
    before = leaves(state)
    too_long = batch(labels=((1, 1), (3, 0)), num_frames=(4, 4))  # one step, two labels
    state, metrics = train_step(state, too_long, config=CONFIG, recipe=RECIPE)
    assert np.isinf(metrics["loss"])
    assert (int(state.step), int(state.skipped)) == (1, 1)
    for old, new in zip(before, leaves(state), strict=True):
        np.testing.assert_array_equal(old, new)


def test_learning_rate_steps_once_an_epoch():
    steps = dataclasses.replace(RECIPE, epochs=80, learning_rate=1.0)
    rates = [float(learning_rate(steps, np.int32(10 * epoch))) for epoch in (0, 39, 40, 59, 60, 79)]
    np.testing.assert_allclose(rates, [1, 1, 0.2, 0.2, 0.04, 0.04], rtol=1e-6)
    assert float(learning_rate(steps, np.int32(399))) == 1
    cosine = dataclasses.replace(steps, schedule="cosine")
    np.testing.assert_allclose(
        [float(learning_rate(cosine, np.int32(10 * epoch))) for epoch in (0, 40, 80)],
        [1, 0.5125, 0.025],
        rtol=1e-5,
    )
