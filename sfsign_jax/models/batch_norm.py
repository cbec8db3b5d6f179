"""Batch normalisation over the steps that count."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.initializers import constant
from sfsign_jax.models.lowering import compute_once, saved_for_gradient
from sfsign_jax.models.precision import full_precision

EPSILON = 1e-5
MOMENTUM = 0.1  # PyTorch's: running = 0.9 running + 0.1 batch


class BatchNorm(nnx.Module):
    """Normalises each channel; statistics in f32, over the steps before each clip's length.

    As in PyTorch, the running variance takes the unbiased variance of the batch, the
    normalisation the biased one. For inference all but the offset can be left to the convolution
    before.
    """

    def __init__(self, channels: int, *, initial_scale: float = 1.0):
        self.scale = nnx.Param(constant(channels, initial_scale))
        self.bias = nnx.Param(constant(channels, 0))
        self.mean = nnx.BatchStat(constant(channels, 0))
        self.var = nnx.BatchStat(constant(channels, 1))

    def __call__(
        self, x: Float[Array, "b t *space c"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b t *space c"]:
        if not hasattr(self, "scale"):
            return x + self.bias[...].astype(x.dtype)
        if train:
            inside = (jnp.arange(x.shape[1]) < length[:, None]).astype(jnp.float32)
            y, mean, unbiased = normalize_batch(
                x, self.scale[...], self.bias[...], self.mean[...], inside
            )
            # `self.mean[...] += …` would do, but takes as long to trace as the rest of the network.
            for running, new in ((self.mean, mean), (self.var, unbiased)):
                running.set_value(running[...] + MOMENTUM * (new - running[...]))
            return y
        scale = self.scale[...] / jnp.sqrt(self.var[...] + EPSILON)
        offset = self.bias[...] - self.mean[...] * scale
        scale, offset = compute_once((scale, offset))  # not for each value
        return (full_precision(x) * scale + offset).astype(x.dtype)

    def leave_offset(self) -> Float[np.ndarray, " c"]:
        """The scale, for the convolution before to take; what stays adds the offset."""
        scale, bias, mean, var = map(np.asarray, (self.scale, self.bias, self.mean, self.var))
        scale = scale / np.sqrt(var + np.float32(EPSILON))
        self.bias.set_value(bias - mean * scale)
        del self.scale, self.mean, self.var
        return scale


@jax.custom_vjp
def normalize_batch(
    x: Float[Array, "b t *space c"],
    scale: Float[Array, " c"],
    bias: Float[Array, " c"],
    near: Float[Array, " c"],
    inside: Float[Array, "b t"],
) -> tuple[Float[Array, "b t *space c"], Float[Array, " c"], Float[Array, " c"]]:
    """`x` normalised by the batch, whose mean and unbiased variance carry no gradient.

    Statistics are of the steps with 1 `inside`. The variance is taken about a value `near` the
    mean: so both are found in one reading of `x`, and lose no digits where `x` varies little.
    """
    return normalize_forward(x, scale, bias, near, inside)[0]


def normalize_forward(x, scale, bias, near, inside):
    count = inside.sum() * (x[0, 0].size // x.shape[-1])
    values = full_precision(x)
    mean = sum_steps(values, inside) / count
    square = sum_steps(jnp.square(values - near), inside) / count
    var = jnp.maximum(square - jnp.square(mean - near), 0)
    inverse = 1 / jnp.sqrt(var + EPSILON)
    slope = scale * inverse
    # As one array: of each that a loop over blocks keeps, it makes kernels of their own.
    vectors = jnp.stack([slope, bias - mean * slope, mean, inverse])
    vectors = saved_for_gradient(compute_once(vectors))
    y = (values * vectors[0] + vectors[1]).astype(x.dtype)
    unbiased = var * count / jnp.maximum(count - 1, 1)
    return (y, mean, unbiased), (x, vectors, inside, count)


def normalize_backward(saved, upstreams):
    x, (slope, _, mean, inverse), inside, count = saved
    upstream = full_precision(upstreams[0])
    values = full_precision(x)
    of_bias, of_centred = sum_steps(upstream), sum_steps(upstream * (values - mean))
    of_scale = of_centred * inverse
    # Every value inside has its share in the statistics.
    by_value = slope * inverse * of_scale / count
    constant = slope * of_bias / count - mean * by_value
    slope, by_value, constant = compute_once((slope, by_value, constant))
    shared = jnp.expand_dims(inside, range(2, x.ndim)) * (values * by_value + constant)
    of_x = (upstream * slope - shared).astype(x.dtype)
    return of_x, of_scale, of_bias, jnp.zeros_like(mean), jnp.zeros_like(inside)


normalize_batch.defvjp(normalize_forward, normalize_backward)


def sum_steps(
    values: Float[Array, "b t *space c"], weights: Float[Array, "b t"] | None = None
) -> Float[Array, " c"]:
    """The sum over all steps; space first: fewer values are left to be weighed."""
    steps = values.sum(tuple(range(2, values.ndim - 1)))
    if weights is not None:
        steps = steps * weights[..., None]
    return steps.sum((0, 1))
