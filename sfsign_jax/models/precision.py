"""What is never computed in half precision.

Sums over many values: the statistics of a batch and the gradients of scales, offsets and fusion
weights. All after the features of a frame: temporal convolutions, BiLSTM, classifiers, softmax and
losses. And what lasts: parameters, their gradient, Adam's moments and the running statistics.
"""

import jax.numpy as jnp
from jax import Array


def full_precision(x: Array) -> Array:
    """`x` in f32 at least; f64 stays f64."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
