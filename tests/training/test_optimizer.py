"""Oracle of Muon: PyTorch's, the singular value decomposition, and kernels by themselves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx

from sfsign_jax.training.optimizer import Recipe, no_moments, update

MUON = Recipe(steps_per_epoch=1, algorithm="muon", weight_decay=0.0)


def state_of(part="backbone", **arrays):
    return nnx.from_flat_state(
        [((part, name), nnx.Param(jnp.asarray(array))) for name, array in arrays.items()]
    )


def step_of(gradient):
    """The first of a kernel of the backbone."""
    return np.asarray(steps_of([state_of(kernel=gradient)])[0][0]["backbone"]["kernel"][...])


def steps_of(gradients, recipe=MUON):
    """What each gradient changes at a learning rate of 1."""
    params = jax.tree.map(jnp.zeros_like, gradients[0])
    moments = no_moments(params, recipe)
    changes = []
    for gradient in gradients:
        new, moments = update(params, gradient, moments, jnp.ones(()), jnp.array(True), recipe)
        changes.append(jax.tree.map(lambda a, b: a - b, new, params))
        params = new
    return changes, moments


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 3, 3, 4, 6), (5, 1, 1, 2, 30), (5, 8, 16)])
def test_a_kernel_takes_the_step_of_pytorchs_matrix(shape):
    gradients = [random(*shape, seed=seed) for seed in range(4)]
    steps, moments = steps_of([state_of(kernel=gradient) for gradient in gradients])
    matrix = torch.zeros(np.prod(shape[:-1]), shape[-1], requires_grad=True)
    muon = torch.optim.Muon(
        [matrix],
        lr=1.0,
        weight_decay=0.0,
        momentum=0.95,
        ns_steps=3,
        adjust_lr_fn="match_rms_adamw",
    )
    for gradient, step in zip(gradients, steps, strict=True):
        before = matrix.detach().clone()
        matrix.grad = torch.tensor(gradient.reshape(matrix.shape))
        muon.step()
        theirs = (matrix.detach() - before).numpy().reshape(shape)
        # PyTorch computes it in bfloat16.
        assert np.abs(step["backbone"]["kernel"][...] - theirs).max() < 0.05 * np.abs(theirs).max()
    assert len(jax.tree.leaves(moments.nu)) == 0


def test_a_kernels_step_has_the_gradients_directions_and_nearly_equal_lengths():
    gradient = random(3, 3, 3, 4, 8)
    step = -step_of(gradient)
    u, _, v = np.linalg.svd(gradient.reshape(-1, 8), full_matrices=False)
    lengths = u.T @ step.reshape(-1, 8) @ v.T / (0.2 * np.sqrt(3 * 3 * 3 * 4))
    np.testing.assert_allclose(lengths - np.diag(np.diag(lengths)), 0, atol=1e-5)
    assert np.diag(lengths).min() > 0.6 and np.diag(lengths).max() < 1.3
    assert np.sqrt(np.square(step).mean()) == pytest.approx(0.2, rel=0.2)


def test_stacked_kernels_take_the_steps_of_each():
    kernels = random(2, 1, 3, 3, 4, 6)
    for kernel, step in zip(kernels, step_of(kernels), strict=True):
        np.testing.assert_allclose(step, step_of(kernel), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("part", "name", "shape"),
    [
        ("backbone", "scale", (7,)),
        ("paths", "kernel", (4, 16)),
    ],
)
def test_muon_leaves_the_rest_to_adam(part, name, shape):
    gradient = random(*shape)
    steps, moments = steps_of([state_of(part, **{name: gradient})])
    # The first step is of the learning rate.
    np.testing.assert_allclose(steps[0][part][name][...], -np.sign(gradient), rtol=1e-5)
    assert {*moments.nu} == {part}


@pytest.mark.parametrize("algorithm", ["adam", "muon"])
def test_a_gradient_that_does_not_count_changes_nothing(algorithm):
    recipe = Recipe(steps_per_epoch=1, algorithm=algorithm)
    params = state_of(kernel=random(5, 1, 1, 4, 6), scale=random(7))
    fresh = no_moments(params, recipe)
    gradient = jax.tree.map(lambda x: x * jnp.nan, params)
    new, moments = update(params, gradient, fresh, jnp.ones(()), jnp.array(False), recipe)
    jax.tree.map(np.testing.assert_array_equal, (new, moments), (params, fresh))
