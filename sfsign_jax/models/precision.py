"""What is never computed in half precision: statistics, softmax and losses."""

import jax.numpy as jnp
from jax import Array


def full_precision(x: Array) -> Array:
    """`x` in f32 at least; f64 stays f64."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
