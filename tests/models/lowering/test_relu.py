"""Oracle: Flax's rectifier."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from sfsign_jax.models.lowering.relu import relu

X = jnp.array([-2.0, -0.0, 0.0, 1e-30, 3.0])


def test_relu_and_its_gradient_are_flaxs():
    np.testing.assert_array_equal(relu(X), nnx.relu(X))
    ours, expected = (jax.grad(lambda x, f=f: (f(x) * x).sum())(X) for f in (relu, nnx.relu))
    np.testing.assert_array_equal(ours, expected)


def test_for_a_gpu_it_is_a_plain_maximum():
    lowered = jax.jit(relu).trace(X).lower(lowering_platforms=("cuda",)).as_text()
    assert "maximum" in lowered
    assert "subtract" not in lowered
