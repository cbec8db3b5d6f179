"""Oracle: JAX's own gradients of the product."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.models.lowering.matmul import matmul


@pytest.mark.parametrize("kernel", [(8, 3), (3, 8), (4, 4)])
@pytest.mark.parametrize("rows", [(5,), (2, 3, 7)])
def test_gradients_are_those_of_the_product(rows, kernel):
    rng = np.random.default_rng(0)
    x, upstream = (rng.normal(size=(*rows, channels)) for channels in kernel)
    weights = rng.normal(size=kernel)

    @jax.jit
    def values_and_gradients(x, weights, upstream):
        pairs = [jax.vjp(product, x, weights) for product in (matmul, jnp.matmul)]
        return [(value, *pullback(upstream)) for value, pullback in pairs]

    with jax.enable_x64(True):
        ours, expected = values_and_gradients(x, weights, upstream)
        for one, other in zip(ours, expected, strict=True):
            assert one.dtype == np.float64
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
