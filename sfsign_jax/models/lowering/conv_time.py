"""Convolutions over time, pixel by pixel, in forms that XLA compiles well."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int

from sfsign_jax.models.lowering.conv2d import LAYOUT
from sfsign_jax.models.lowering.matmul import matmul
from sfsign_jax.models.lowering.winograd import F4, pad_to_tiles, winograd_filter

# Input channels from which on fewer products over time make up for the sums.
WINOGRAD_MIN_CHANNELS = 512


def mask_time(x: Float[Array, "b t *rest"], length: Int[Array, " b"]) -> Float[Array, "b t *rest"]:
    """Zero every step from `length` on, clip by clip."""
    inside = jnp.arange(x.shape[1]) < length[:, None]
    return jnp.where(inside.reshape(inside.shape + (1,) * (x.ndim - 2)), x, 0)


def conv_time(
    x: Float[Array, "b t h w i"],
    kernel: Float[Array, "kt i o"],
    length: Int[Array, " b"],
    stride: int,
) -> Float[Array, "b t_out h w o"]:
    """Every pixel over time, steps from `length` on as zeros.

    On a CPU wide inputs need half of the multiplications (not in bf16: their sums are rounded).
    """
    taps, in_channels, _ = kernel.shape
    if stride > 1:
        return stride_time(mask_time(x, length), kernel, stride)
    if taps == 3 and in_channels >= WINOGRAD_MIN_CHANNELS and x.dtype != jnp.bfloat16:
        return lax.platform_dependent(
            x, kernel, length, cpu=winograd_conv_time, default=sum_of_shifted_products
        )
    return sum_of_shifted_products(x, kernel, length)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def stride_time(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt i o"], stride: int
) -> Float[Array, "b t_out h w o"]:
    """A 2-D convolution of time and pixels; for gradients one product, which XLA derives better."""
    b, t, h, w, in_channels = x.shape
    padding = [(len(kernel) // 2, len(kernel) // 2), (0, 0)]
    columns = lax.conv_general_dilated(
        x.reshape(b, t, h * w, in_channels),
        kernel[:, None],
        (stride, 1),
        padding,
        dimension_numbers=LAYOUT,
    )
    return columns.reshape(b, -1, h, w, kernel.shape[-1])


def product_of_stacked(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt i o"], stride: int
) -> Float[Array, "b t_out h w o"]:
    taps, in_channels, out_channels = kernel.shape
    stacked = stack_time_taps(x, taps, stride, taps // 2)
    return matmul(stacked, kernel.reshape(taps * in_channels, out_channels))


stride_time.defvjp(
    lambda x, kernel, stride: jax.vjp(
        functools.partial(product_of_stacked, stride=stride), x, kernel
    ),
    lambda stride, pullback, upstream: pullback(upstream),
)


def winograd_conv_time(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "3 i o"], length: Int[Array, " b"]
) -> Float[Array, "b t h w o"]:
    """Four steps of the output from six products, not twelve."""
    padded = pad_to_tiles(F4, mask_time(x, length), 1)
    return winograd_filter(F4, padded, kernel, 1)[:, : x.shape[1]]


def sum_of_shifted_products(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt i o"], length: Int[Array, " b"]
) -> Float[Array, "b t h w o"]:
    """One product for all taps; its outputs, fewer than its inputs, are masked, shifted, summed."""
    taps, in_channels, out_channels = kernel.shape
    products = mask_time(
        matmul(x, kernel.swapaxes(0, 1).reshape(in_channels, taps * out_channels)), length
    )
    return sum_shifted(products, [taps // 2 - tap for tap in range(taps)])


def sum_shifted(
    x: Float[Array, "b t *space n*c"], shifts: Sequence[int]
) -> Float[Array, "b t *space c"]:
    """Equal shares of the channels, each that many steps later with zeros before, summed."""

    def shift(share: Array, steps: int) -> Array:
        padding = [(0, 0, 0)] * share.ndim
        padding[1] = (steps, -steps, 0)
        return lax.pad(share, jnp.zeros((), share.dtype), padding)

    return functools.reduce(jnp.add, map(shift, jnp.split(x, len(shifts), axis=-1), shifts))


def stack_time_taps(
    x: Float[Array, "b t *space c"], taps: int, stride: int = 1, padding: int = 0
) -> Float[Array, "b t_out *space taps*c"]:
    """Put the `taps` neighbouring steps of each output step side by side in the channels."""
    x = jnp.pad(x, [(0, 0), (padding, padding)] + [(0, 0)] * (x.ndim - 2))
    steps = (x.shape[1] - taps) // stride + 1
    last = (steps - 1) * stride + 1
    return jnp.concatenate([x[:, tap : tap + last : stride] for tap in range(taps)], axis=-1)
