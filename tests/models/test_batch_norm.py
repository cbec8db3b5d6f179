"""Oracle: PyTorch's batch norm of the steps that count, put together without the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx

from sfsign_jax.models.batch_norm import MOMENTUM, BatchNorm

CHANNELS = 3
LENGTHS = (5, 2)


@pytest.mark.parametrize("space", [(), (4, 2)])
def test_training_is_that_of_the_steps_that_count(space):
    inside = np.arange(5) < np.array(LENGTHS)[:, None]
    rng = np.random.default_rng(0)
    x, upstream = rng.normal(1, 2, (2, 2, 5, *space, CHANNELS))
    upstream[~inside] = 0
    with jax.enable_x64(True):
        norm = BatchNorm(CHANNELS)
        norm.scale.set_value(jnp.array([1.0, -0.5, 2.0]))
        norm.bias.set_value(jnp.array([0.0, 0.3, -1.0]))
        y, statistics, gradients = values_and_gradients(norm, jnp.asarray(x), upstream)
    theirs = torch.nn.BatchNorm1d(CHANNELS, momentum=MOMENTUM, dtype=torch.float64)
    theirs.weight.data = torch.tensor([1, -0.5, 2], dtype=torch.float64)
    theirs.bias.data = torch.tensor([0, 0.3, -1], dtype=torch.float64)
    rows = torch.tensor(x[inside].reshape(-1, CHANNELS), requires_grad=True)
    expected = theirs(rows)
    expected.backward(torch.tensor(upstream[inside].reshape(-1, CHANNELS)))
    assert_close(y[inside].reshape(-1, CHANNELS), expected)
    assert_close(statistics["mean"], theirs.running_mean)
    assert_close(statistics["var"], theirs.running_var)
    of_x, of_params = gradients
    assert_close(of_x[inside].reshape(-1, CHANNELS), rows.grad)
    assert not of_x[~inside].any()
    assert_close(of_params["scale"], theirs.weight.grad)
    assert_close(of_params["bias"], theirs.bias.grad)


def values_and_gradients(norm: BatchNorm, x, upstream):
    """Outputs, statistics after it, gradients of x and of the parameters."""
    graph, params, statistics = nnx.split(norm, nnx.Param, nnx.BatchStat)

    def call(x, params):
        norm = nnx.merge(graph, params, statistics, copy=True)
        y = norm(x, jnp.array(LENGTHS), train=True)
        return y, nnx.state(norm, nnx.BatchStat)

    y, pullback, moved = jax.vjp(call, x, params, has_aux=True)
    of_x, of_params = pullback(upstream)
    return np.asarray(y), nnx.to_pure_dict(moved), (np.asarray(of_x), nnx.to_pure_dict(of_params))


def assert_close(ours, theirs) -> None:
    # The parameters' and statistics' own precision is f32's.
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-6, atol=1e-6)
