"""A 2-D convolution that XLA compiles well for a CPU: forward, and its gradients in loops too."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

Images = Float[Array, "n h w i"]
Kernel = Float[Array, "kh kw i o"]
Output = Float[Array, "n h_out w_out o"]
LAYOUT = ("NHWC", "HWIO", "NHWC")
# Input channels and pixels a side from which on fewer products make up for the sums.
WIDE, LARGE = 64, 8


def xla_convolution(x: Images, kernel: Kernel, stride: int) -> Output:
    padding = [(size // 2, size // 2) for size in kernel.shape[:2]]
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=LAYOUT)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve_images(x: Images, kernel: Kernel, stride: int) -> Output:
    """The convolution with padding k // 2.

    Where no gradient is asked for, a wide 3×3 convolution needs less than half of its
    multiplications on a CPU. The gradients are stated here for the CPU: JAX names their axes in an
    order that XLA brings into its fast form outside of loops only; inside of one they took fifty
    times as long.
    """
    direct = functools.partial(xla_convolution, stride=stride)
    wide = kernel.shape[2] >= WIDE and min(x.shape[1:3]) >= LARGE
    if stride == 1 and kernel.shape[:2] == (3, 3) and wide:
        return lax.platform_dependent(x, kernel, cpu=filter_tiles, default=direct)
    return direct(x, kernel)


def filter_tiles(x: Images, kernel: Kernel) -> Output:
    """A 3×3 convolution, 2×2 pixels of its output from 16 products, not 36.

    F(2×2, 3×3) of Winograd's minimal filtering (Lavin and Gray: "Fast Algorithms for Convolutional
    Neural Networks", CVPR 2016, section 4.1).
    """
    number, height, width, _ = x.shape
    ends = (1 + height % 2, 1 + width % 2)
    x = jnp.pad(x, [(0, 0), (1, ends[0]), (1, ends[1]), (0, 0)])
    products = [
        [tile @ taps for tile, taps in zip(of_input(row, 2), of_kernel(row_taps), strict=True)]
        for row, row_taps in zip(of_input(x, 1), of_kernel(kernel), strict=True)
    ]
    columns = zip(*map(of_products, products), strict=True)
    pixels = jnp.stack([jnp.stack(of_products(column), axis=2) for column in columns], axis=4)
    tiles_down, _, tiles_across, _, channels = pixels.shape[1:]
    images = pixels.reshape(number, 2 * tiles_down, 2 * tiles_across, channels)
    return images[:, :height, :width]


def of_input(x: Images, axis: int) -> list[Array]:
    """Along one axis what each four neighbours are multiplied as (B in the paper)."""
    last = x.shape[axis] - 3
    d = [lax.slice_in_dim(x, start, start + last, 2, axis) for start in range(4)]
    return [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]


def of_kernel(g: Float[Array, "3 *taps"]) -> list[Array]:
    """… three taps are multiplied as (G)."""
    return [g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2, g[2]]


def of_products(m: Sequence[Array]) -> list[Array]:
    """… two outputs are of four products (A)."""
    return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]


def gradients(stride: int, x: Images, kernel: Kernel, upstream: Output) -> tuple[Images, Kernel]:
    """Of the input and of the kernel, both as convolutions in LAYOUT."""
    sizes = list(zip(x.shape[1:3], upstream.shape[1:3], kernel.shape[:2], strict=True))
    into = lax.conv_general_dilated(
        upstream,
        jnp.flip(kernel, (0, 1)).swapaxes(2, 3),
        (1, 1),
        [(k - 1 - k // 2, size - 1 + k // 2 - (out - 1) * stride) for size, out, k in sizes],
        lhs_dilation=(stride, stride),
        dimension_numbers=LAYOUT,
    )
    # Channels take the place of images and images that of channels.
    taps = lax.conv_general_dilated(
        x.transpose(3, 1, 2, 0),
        upstream.transpose(1, 2, 0, 3),
        (1, 1),
        [(k // 2, (out - 1) * stride + k - size - k // 2) for size, out, k in sizes],
        rhs_dilation=(stride, stride),
        dimension_numbers=LAYOUT,
    )
    return into, taps.transpose(1, 2, 0, 3)


def jax_gradients(stride: int, x: Images, kernel: Kernel, upstream: Output):
    return jax.vjp(functools.partial(xla_convolution, stride=stride), x, kernel)[1](upstream)


def forward(x: Images, kernel: Kernel, stride: int):
    return xla_convolution(x, kernel, stride), (x, kernel)


def backward(stride: int, inputs: tuple[Images, Kernel], upstream: Output):
    on_cpu = functools.partial(gradients, stride)
    elsewhere = functools.partial(jax_gradients, stride)
    return lax.platform_dependent(*inputs, upstream, cpu=on_cpu, default=elsewhere)


convolve_images.defvjp(forward, backward)
