"""Convolutions over time and space that never ask the compiler for a 3-D convolution.

A layer keeps its (t, h, w, in, out) kernel; the time taps are stacked into channels, and what is
left is a 2-D convolution with time folded into the batch, or a matrix product. XLA's 3-D
convolution is some forty times slower on a CPU, and Apple's plugins have none.
"""

import functools

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax
from jaxtyping import Float, Int

from sfsign_jax.models.image_convolution import convolve_images
from sfsign_jax.models.initial_values import Rng, kaiming_normal

TIME_BLOCK = 4  # 4 + 5 - 1 taps of 3 channels are a whole number of vector registers


def mask_time(x: Float[Array, "b t *rest"], length: Int[Array, " b"]) -> Float[Array, "b t *rest"]:
    """Zero every step from `length` on, clip by clip."""
    inside = jnp.arange(x.shape[1]) < length[:, None]
    return jnp.where(inside.reshape(inside.shape + (1,) * (x.ndim - 2)), x, 0)


def time_taps(
    x: Float[Array, "b t *space c"], taps: int, stride: int = 1, padding: int = 0
) -> list[Float[Array, "b t_out *space c"]]:
    """For each of `taps` neighbouring steps: that step, of every output step."""
    if taps == 1:
        return [x[:, ::stride]]
    x = jnp.pad(x, [(0, 0), (padding, padding)] + [(0, 0)] * (x.ndim - 2))
    steps = (x.shape[1] - taps) // stride + 1
    last = (steps - 1) * stride + 1
    return [x[:, tap : tap + last : stride] for tap in range(taps)]


def stack_time_taps(
    x: Float[Array, "b t *space c"], taps: int, stride: int = 1, padding: int = 0
) -> Float[Array, "b t_out *space taps*c"]:
    """Put the `taps` neighbouring steps of each output step side by side in the channels."""
    return jnp.concatenate(time_taps(x, taps, stride, padding), axis=-1)


def convolve(
    x: Float[Array, "b t h w i"],
    kernel: Float[Array, "kt kh kw i o"],
    time_stride: int = 1,
    space_stride: int = 1,
) -> Float[Array, "b t_out h_out w_out o"]:
    """The 3-D convolution with padding k // 2 on every axis, in the dtype of `x`."""
    kt, kh, kw, _, _ = kernel.shape
    kernel = kernel.astype(x.dtype)
    if kh == kw == 1:
        return convolve_time(x[:, :, ::space_stride, ::space_stride], kernel[:, 0, 0], time_stride)
    if kt == 1:
        return convolve_frames(x[:, ::time_stride], kernel[0], space_stride)
    return convolve_time_blocks(x, kernel, space_stride)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve_time(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt i o"], stride: int
) -> Float[Array, "b t_out h w o"]:
    """Every pixel over time: a sum of one matrix product a tap.

    Where a gradient is asked for it is one product of taps side by side, which needs more memory
    now and less for the gradient (a forward pass alone 3.4 -> 2.7 s, a step's memory 1.8 -> 1.5 GB
    with the published network).
    """
    taps = len(kernel)
    return functools.reduce(jnp.add, map(jnp.matmul, time_taps(x, taps, stride, taps // 2), kernel))


def convolve_stacked_time(x: Array, kernel: Array, stride: int) -> Array:
    taps, _, out = kernel.shape
    return stack_time_taps(x, taps, stride, taps // 2) @ kernel.reshape(-1, out)


convolve_time.defvjp(
    lambda x, kernel, stride: jax.vjp(
        functools.partial(convolve_stacked_time, stride=stride), x, kernel
    ),
    lambda _, pullback, gradient: pullback(gradient),
)


def convolve_frames(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kh kw i o"], stride: int
) -> Float[Array, "b t h_out w_out o"]:
    """A 2-D convolution of every frame."""
    images = convolve_images(x.reshape(-1, *x.shape[2:]), kernel, stride)
    return images.reshape(*x.shape[:2], *images.shape[1:])


def convolve_time_blocks(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt kh kw i o"], space_stride: int
) -> Float[Array, "b t h_out w_out o"]:
    """A convolution over time and space, with TIME_BLOCK output frames at once as channels.

    The fast stem has so few output channels that gathering its inputs costs more than
    multiplying them. Frames of a block share their inputs: the zeros in the wider kernel are
    cheaper than gathering each frame's taps anew (measured on two CPU cores: forward 240 -> 140
    ms, with the kernel's gradient 610 -> 310 ms for 544 frames of 64×64).
    """
    kt, kh, kw, into, out = kernel.shape
    steps = x.shape[1]
    x = jnp.pad(x, [(0, 0), (0, -steps % TIME_BLOCK)] + [(0, 0)] * 3)
    taps = TIME_BLOCK + kt - 1
    x = stack_time_taps(x, taps, TIME_BLOCK, kt // 2)
    shifted = [
        jnp.pad(kernel, [(frame, taps - kt - frame)] + [(0, 0)] * 4) for frame in range(TIME_BLOCK)
    ]
    wide = jnp.moveaxis(jnp.stack(shifted, axis=-2), 0, 2)  # kh kw taps i block o
    wide = wide.reshape(kh, kw, taps * into, TIME_BLOCK * out)
    blocks = convolve_frames(x, wide, space_stride)
    b, t, h, w, _ = blocks.shape
    blocks = jnp.moveaxis(blocks.reshape(b, t, h, w, TIME_BLOCK, out), 4, 2)
    return blocks.reshape(b, t * TIME_BLOCK, h, w, out)[:, :steps]


@jax.custom_vjp
def max_pool_space(x: Float[Array, "b t h w c"]) -> Float[Array, "b t h_out w_out c"]:
    """3×3 max-pool of every frame, stride 2, padding 1; the padding never wins.

    Its gradient is that of the maximum of shifted slices: XLA's own, a scatter, takes three to
    ten times as long on a CPU. They differ where the largest values of a window are equal, which
    after a ReLU are zeros, whose gradient the ReLU drops.
    """
    frames = x.reshape(-1, *x.shape[2:])
    frames = nnx.max_pool(frames, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))
    return frames.reshape(*x.shape[:2], *frames.shape[1:])


def max_of_slices(x: Float[Array, "b t h w c"]) -> Float[Array, "b t h_out w_out c"]:
    """The same, rows first, then columns."""
    for axis in (2, 3):
        out = (x.shape[axis] + 1) // 2
        padding = [(0, 0)] * x.ndim
        padding[axis] = (1, 1)
        padded = jnp.pad(x, padding, constant_values=-jnp.inf)
        slices = [
            lax.slice_in_dim(padded, start, start + 2 * out - 1, 2, axis=axis) for start in range(3)
        ]
        x = functools.reduce(jnp.maximum, slices)
    return x


max_pool_space.defvjp(
    lambda x: (max_pool_space(x), x),
    lambda x, gradient: jax.vjp(max_of_slices, x)[1](gradient),
)


class Convolution(nnx.Module):
    """A convolution over (time, height, width) without bias, padding k // 2.

    Kaiming normal, fan-out. Steps past a clip's length are zero to it, as if the clip ended there.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int, int],
        *,
        time_stride: int = 1,
        space_stride: int = 1,
        rng: Rng,
    ):
        shape = (*kernel_size, in_channels, out_channels)
        self.kernel = nnx.Param(kaiming_normal(rng, shape))
        self.time_stride = time_stride
        self.space_stride = space_stride

    def __call__(
        self, x: Float[Array, "b t h w i"], length: Int[Array, " b"]
    ) -> Float[Array, "b t_out h_out w_out o"]:
        if self.kernel[...].shape[0] > 1:
            x = mask_time(x, length)
        return convolve(x, self.kernel[...], self.time_stride, self.space_stride)
