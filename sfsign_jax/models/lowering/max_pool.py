"""The max-pool of the stems."""

import functools

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float


@jax.checkpoint
def max_pool(x: Float[Array, "b t h w c"]) -> Float[Array, "b t h_out w_out c"]:
    """3×3 max-pool of every frame, stride 2, padding 1; the padding never wins.

    The maximum of shifted slices, rows first, then columns: XLA's own windows take four times as
    long on a CPU, their gradient, a scatter, up to ten times. The gradients differ where the
    largest values of a window are equal, which after a ReLU are zeros, whose gradient the ReLU
    drops.
    """
    for axis in (2, 3):
        out_size = (x.shape[axis] + 1) // 2
        padding = [(0, 0)] * x.ndim
        padding[axis] = (1, 1)
        padded = jnp.pad(x, padding, constant_values=-jnp.inf)
        slices = [
            lax.slice_in_dim(padded, start, start + 2 * out_size - 1, 2, axis=axis)
            for start in range(3)
        ]
        x = functools.reduce(jnp.maximum, slices)
    return x
