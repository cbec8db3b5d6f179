"""Bi-directional Feature Fusion (BFF) and its variants, between the stages of the backbone."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.batch_norm import BatchNorm
from sfsign_jax.models.convolution import Convolution
from sfsign_jax.models.initializers import Rng, constant
from sfsign_jax.models.lengths import floor_divide
from sfsign_jax.models.lowering import relu
from sfsign_jax.models.precision import full_precision

FUSION_KERNEL = 5  # frames of the fast pathway that one slow frame sees
# Every variant, and the initial value of the scalars that weigh its pathways, where it has them.
FUSIONS = {"FuseBiAdd": 0.0, "FuseBiAdd2": 1.0, "FuseBiCat": None, "FuseFastToSlow": None}

Slow = Float[Array, "b t_slow h w c_slow"]
Fast = Float[Array, "b t h w c_fast"]


def fused_channels(variant: str, slow: int, fast: int, ratio: int) -> tuple[int, int]:
    """Channels of the two pathways after fusion; only concatenation makes them wider."""
    match variant:
        case "FuseBiCat":
            return slow + fast * ratio, 2 * fast
        case "FuseFastToSlow":
            return slow + fast * ratio, fast
        case _:
            return slow, fast


class Fusion(nnx.Module):
    """Exchange between the pathways after a stage; both directions read what was before it."""

    def __init__(self, variant: str, slow: int, fast: int, *, alpha: int, ratio: int, rng: Rng):
        f2s = fast * ratio if variant in ("FuseBiCat", "FuseFastToSlow") else slow
        self.conv_f2s = Convolution(fast, f2s, (FUSION_KERNEL, 1, 1), time_stride=alpha, rng=rng)
        self.bn = BatchNorm(f2s)
        if variant != "FuseFastToSlow":
            self.conv_s2f = Convolution(slow, fast, (1, 1, 1), rng=rng)
            self.bn2 = BatchNorm(fast)
        if (weight := FUSIONS[variant]) is not None:
            self.weight_s = nnx.Param(constant(1, weight))
            self.weight_f = nnx.Param(constant(1, weight))
        self.variant = variant
        self.alpha = alpha

    def __call__(
        self, slow: Slow, fast: Fast, length: Int[Array, " b"], train: bool
    ) -> tuple[Slow, Fast]:
        slow_length = floor_divide(length, self.alpha)
        f2s = relu(self.bn(self.conv_f2s(fast, length), slow_length, train))
        if self.variant == "FuseFastToSlow":
            return jnp.concatenate([slow, f2s], -1), fast
        s2f = relu(self.bn2(self.conv_s2f(slow, slow_length), slow_length, train))
        s2f = jnp.repeat(s2f, self.alpha, axis=1)
        if self.variant == "FuseBiCat":
            return jnp.concatenate([slow, f2s], -1), jnp.concatenate([fast, s2f], -1)
        if self.variant == "FuseBiAdd":
            return (
                weighted_sum(slow, 1, f2s, self.weight_s[...]),
                weighted_sum(fast, 1, s2f, self.weight_f[...]),
            )
        return (
            weighted_sum(slow, self.weight_s[...], f2s, 1 - self.weight_s[...]),
            weighted_sum(fast, self.weight_f[...], s2f, 1 - self.weight_f[...]),
        )


def weighted_sum(
    own: Float[Array, "b t h w c"],
    own_weight: Float[Array, "1"] | int,
    other: Float[Array, "b t h w c"],
    other_weight: Float[Array, "1"],
) -> Float[Array, "b t h w c"]:
    """In f32, as a weight's gradient is a sum over all values."""
    total = full_precision(own) * own_weight + full_precision(other) * other_weight
    return total.astype(own.dtype)
