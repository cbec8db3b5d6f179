"""A 2-D convolution that XLA compiles well for a CPU: forward, and its gradients in loops too."""

import functools

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

from sfsign_jax.models.lowering.winograd import F2, F4, pad_to_tiles, winograd_filter

Images = Float[Array, "n h w i"]
Kernel = Float[Array, "kh kw i o"]
Output = Float[Array, "n h_out w_out o"]
LAYOUT = ("NHWC", "HWIO", "NHWC")
# Input channels, and pixels a side, from which on fewer products make up for the sums.
WINOGRAD_MIN_CHANNELS, WINOGRAD_MIN_PIXELS = 64, 7


def xla_convolution(x: Images, kernel: Kernel, stride: int) -> Output:
    padding = [(size // 2, size // 2) for size in kernel.shape[:2]]
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=LAYOUT)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def conv2d(x: Images, kernel: Kernel, stride: int) -> Output:
    """The convolution with padding k // 2.

    Where no gradient is asked for, a wide 3×3 convolution needs less than half of its
    multiplications on a CPU (not in bf16: their sums are rounded). The gradients are stated here
    for the CPU: JAX names their axes in an order that XLA brings into its fast form outside of
    loops only; inside of one they took fifty times as long.
    """
    direct = functools.partial(xla_convolution, stride=stride)
    wide = kernel.shape[2] >= WINOGRAD_MIN_CHANNELS and min(x.shape[1:3]) >= WINOGRAD_MIN_PIXELS
    if stride == 1 and kernel.shape[:2] == (3, 3) and wide and x.dtype != jnp.bfloat16:
        return lax.platform_dependent(x, kernel, cpu=winograd_conv2d, default=direct)
    return direct(x, kernel)


def winograd_conv2d(x: Images, kernel: Kernel) -> Output:
    """A 3×3 convolution, 4×2 pixels of its output (or 2×2) from 24 products (16), not 72 (36)."""
    height, width = x.shape[1:3]
    down = F4 if -height % 4 < 2 else F2
    padded = pad_to_tiles(F2, pad_to_tiles(down, x, 1), 2)
    images = winograd_filter(
        down, padded, kernel, 1, functools.partial(winograd_filter, F2, axis=2)
    )
    return images[:, :height, :width]


def gradients(stride: int, x: Images, kernel: Kernel, upstream: Output) -> tuple[Images, Kernel]:
    """Of the input and of the kernel, both as convolutions in LAYOUT."""
    sizes = list(zip(x.shape[1:3], upstream.shape[1:3], kernel.shape[:2], strict=True))
    input_gradient = lax.conv_general_dilated(
        upstream,
        jnp.flip(kernel, (0, 1)).swapaxes(2, 3),
        (1, 1),
        [(k - 1 - k // 2, size - 1 + k // 2 - (out - 1) * stride) for size, out, k in sizes],
        lhs_dilation=(stride, stride),
        dimension_numbers=LAYOUT,
    )
    # Channels take the place of images and images that of channels.
    kernel_gradient = lax.conv_general_dilated(
        x.transpose(3, 1, 2, 0),
        upstream.transpose(1, 2, 0, 3),
        (1, 1),
        [(k // 2, (out - 1) * stride + k - size - k // 2) for size, out, k in sizes],
        rhs_dilation=(stride, stride),
        dimension_numbers=LAYOUT,
    )
    return input_gradient, kernel_gradient.transpose(1, 2, 0, 3)


def jax_gradients(stride: int, x: Images, kernel: Kernel, upstream: Output):
    return jax.vjp(functools.partial(xla_convolution, stride=stride), x, kernel)[1](upstream)


def forward(x: Images, kernel: Kernel, stride: int):
    return xla_convolution(x, kernel, stride), (x, kernel)


def backward(stride: int, inputs: tuple[Images, Kernel], upstream: Output):
    on_cpu = functools.partial(gradients, stride)
    elsewhere = functools.partial(jax_gradients, stride)
    return lax.platform_dependent(*inputs, upstream, cpu=on_cpu, default=elsewhere)


conv2d.defvjp(forward, backward)
