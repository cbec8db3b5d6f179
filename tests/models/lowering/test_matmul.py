"""Oracle: JAX's own gradients of the product."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.models.lowering.matmul import matmul


@pytest.mark.parametrize("kernel", [(8, 3), (3, 8), (4, 4)])
@pytest.mark.parametrize("rows", [(5,), (2, 3, 7)])
def test_gradients_are_those_of_the_product(rows, kernel):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 3)
        x = jax.random.normal(keys[0], (*rows, kernel[0]), jnp.float64)
        weights = jax.random.normal(keys[1], kernel, jnp.float64)
        upstream = jax.random.normal(keys[2], (*rows, kernel[1]), jnp.float64)
        ours, gradients = jax.vjp(matmul, x, weights)
        expected, expected_gradients = jax.vjp(jnp.matmul, x, weights)
        np.testing.assert_array_equal(ours, expected)
        for one, other in zip(gradients(upstream), expected_gradients(upstream), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
