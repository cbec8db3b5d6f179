"""Oracle: the gradient of the whole batch at once, all activations kept."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import small_config
from training_batch import batch

from sfsign_jax.losses import LossWeights
from sfsign_jax.models.sign_model import new_model
from sfsign_jax.runtime.mesh import clip_mesh, replicate, shard_batch, use_mesh
from sfsign_jax.training import Recipe
from sfsign_jax.training.gradient import (
    frames_seen,
    interleaved_parts,
    loss_and_gradient,
    views_of,
)
from sfsign_jax.training.state import train_state_of

CONFIG = small_config(depths=(1, 1, 1, 1), pathway_enhancement=False, zero_init_final_bn=False)
RECIPE = Recipe(steps_per_epoch=1, crop_size=(32, 32), compute_dtype="float64")


@pytest.fixture(autouse=True)
def double_precision():
    """In f32 a maximum that is all but a tie may fall to another value."""
    with jax.enable_x64(True):
        yield


def gradients(clips, devices=1, **options):
    recipe = dataclasses.replace(RECIPE, **options)
    mesh = clip_mesh(devices)
    state = replicate(train_state_of(nnx.state(new_model(CONFIG)), recipe), mesh)
    compiled = jax.jit(functools.partial(loss_and_gradient, config=CONFIG, recipe=recipe))
    with use_mesh(mesh):
        (loss, (_, batch_stats)), gradient = compiled(state, shard_batch(clips, mesh))
    return loss, nnx.to_flat_state(nnx.merge_state(gradient, batch_stats))


def four_clips():
    first, second = batch(), batch(num_frames=(9, 12))
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def assert_same(ours, expected):
    assert float(ours[0]) == pytest.approx(float(expected[0]), rel=1e-10)
    norm = np.sqrt(sum(float((g[...] ** 2).sum()) for _, g in expected[1]))
    for (path, a), (_, b) in zip(ours[1], expected[1], strict=True):
        np.testing.assert_allclose(a[...], b[...], rtol=0, atol=1e-10 * norm, err_msg=str(path))
    return norm


@pytest.mark.slow
def test_devices_and_rematerialisation_change_nothing():
    expected = gradients(four_clips())
    assert assert_same(gradients(four_clips(), devices=4, remat=("s2", "s4")), expected) > 1


@pytest.mark.slow
def test_parts_change_nothing_but_batch_statistics():
    """Four of two clips, one on each of two devices, some activations computed again."""
    clips = {name: np.concatenate([rows, rows[::-1]]) for name, rows in four_clips().items()}
    frozen = {"freeze_statistics": True}
    in_parts = gradients(clips, devices=2, accumulation=4, remat=("s3",), **frozen)
    assert assert_same(in_parts, gradients(clips, **frozen)) > 1


@pytest.mark.slow
def test_views_that_do_not_differ_change_nothing():
    """Of two parts too, whose distillation is a mean over both's steps."""
    alike = {"loss_weights": LossWeights(consistency=0.5), "freeze_statistics": True}
    in_parts = gradients(four_clips(), accumulation=2, **alike)
    assert assert_same(in_parts, gradients(four_clips(), freeze_statistics=True)) > 1


def test_the_second_view_is_inverted():
    """In parts too: theirs lie side by side."""
    recipe = dataclasses.replace(RECIPE, loss_weights=LossWeights(consistency=0.5), invert=True)
    parts = jax.tree.map(functools.partial(interleaved_parts, parts=2), four_clips())
    first_part = jax.tree.map(lambda rows: rows[0], views_of(parts, recipe, axis=1))
    for views in (views_of(four_clips(), recipe), first_part):
        seen = frames_seen(views, recipe, jax.random.key(0))
        np.testing.assert_array_equal(seen[1::2], -seen[::2])


def test_parts_take_every_nth_clip():
    np.testing.assert_array_equal(interleaved_parts(np.arange(6), 2), [[0, 2, 4], [1, 3, 5]])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"remat": ("s6",)}, "stage 's6'; there are s2, s3, s4, s5"),
        ({"compute_dtype": "float16"}, "'float16'; it is float32, bfloat16 or"),
    ],
)
def test_recipes_that_do_not_exist(options, words):
    with pytest.raises(ValueError, match=words):
        Recipe(steps_per_epoch=1, **options)
