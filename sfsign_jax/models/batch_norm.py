"""Batch normalisation over the steps that count."""

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax
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
        values = full_precision(x)
        mean, var = (
            self.batch_statistics(values, length) if train else (self.mean[...], self.var[...])
        )
        scale = self.scale[...] / jnp.sqrt(var + EPSILON)
        offset = self.bias[...] - mean * scale
        # Computed once, not for each value; step by step, since so their gradients are summed over
        # space first, which XLA does faster than over all at once.
        per_step = (*x.shape[:2], *(1,) * (x.ndim - 3), x.shape[-1])
        scale, offset = compute_once(
            (jnp.broadcast_to(scale, per_step), jnp.broadcast_to(offset, per_step))
        )
        return (values * scale + offset).astype(x.dtype)

    def leave_offset(self) -> Float[np.ndarray, " c"]:
        """The scale, for the convolution before to take; what stays adds the offset."""
        scale, bias, mean, var = map(np.asarray, (self.scale, self.bias, self.mean, self.var))
        scale = scale / np.sqrt(var + np.float32(EPSILON))
        self.bias.set_value(bias - mean * scale)
        del self.scale, self.mean, self.var
        return scale

    def batch_statistics(
        self, x: Float[Array, "b t *space c"], length: Int[Array, " b"]
    ) -> tuple[Float[Array, " c"], Float[Array, " c"]]:
        """Mean and biased variance of the batch; moves the running ones towards them."""
        inside = (jnp.arange(x.shape[1]) < length[:, None]).astype(x.dtype)[..., None]
        count = inside.sum() * (x[0, 0].size // x.shape[-1])

        def average(values: Float[Array, "b t *space c"]) -> Float[Array, " c"]:
            # Space first: fewer values are left to be weighed.
            steps = values.sum(tuple(range(2, x.ndim - 1)))
            return saved_for_gradient((steps * inside).sum((0, 1)) / count)

        mean = average(x)
        # The sum of x - mean is zero, and so is the variance's gradient by the mean.
        var = average(jnp.square(x - lax.stop_gradient(mean)))
        unbiased = var * count / jnp.maximum(count - 1, 1)
        # `self.mean[...] += …` would do, but takes as long to trace as all the rest of the network.
        self.mean.set_value(self.mean[...] + MOMENTUM * (mean - self.mean[...]))
        self.var.set_value(self.var[...] + MOMENTUM * (unbiased - self.var[...]))
        return mean, var
