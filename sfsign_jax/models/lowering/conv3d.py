"""Convolutions over time and space that never ask the compiler for a 3-D convolution.

A layer keeps its (t, h, w, in, out) kernel; the time taps are stacked into channels, and what is
left is a 2-D convolution with time folded into the batch, or a matrix product. XLA's 3-D
convolution is some forty times slower on a CPU, and Apple's plugins have none.
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.lowering.barrier import compute_once
from sfsign_jax.models.lowering.conv2d import conv2d
from sfsign_jax.models.lowering.conv_time import conv_time, mask_time, sum_shifted
from sfsign_jax.models.lowering.matmul import matmul

TIME_BLOCK = 2  # frames


def conv3d(
    x: Float[Array, "b t h w i"],
    kernel: Float[Array, "kt kh kw i o"],
    length: Int[Array, " b"],
    time_stride: int = 1,
    space_stride: int = 1,
) -> Float[Array, "b t_out h_out w_out o"]:
    """The 3-D convolution with padding k // 2 on every axis, in the dtype of `x`.

    Steps from `length` on count as zeros.
    """
    kt, kh, kw, _, _ = kernel.shape
    kernel = kernel.astype(x.dtype)
    if kh == kw == 1:
        x = x[:, :, ::space_stride, ::space_stride]
        return (
            matmul(x, kernel[0, 0, 0])
            if kt == 1
            else conv_time(x, kernel[:, 0, 0], length, time_stride)
        )
    if kt == 1:
        return conv2d_frames(x, kernel[0], space_stride)
    return conv3d_by_blocks(mask_time(x, length), kernel, space_stride)


def conv2d_frames(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kh kw i o"], stride: int
) -> Float[Array, "b t h_out w_out o"]:
    """A 2-D convolution of every frame."""
    images = conv2d(x.reshape(-1, *x.shape[2:]), kernel, stride)
    return images.reshape(*x.shape[:2], *images.shape[1:])


def conv3d_by_blocks(
    x: Float[Array, "b t h w i"], kernel: Float[Array, "kt kh kw i o"], space_stride: int
) -> Float[Array, "b t h_out w_out o"]:
    """A convolution over time and space: what each block of frames adds to all it reaches, summed.

    TIME_BLOCK input frames side by side are the channels of one image, the output frames that see
    any of them those of another: fewer of each, and gathering the few inputs' pixels costs more
    than multiplying them; more of each, and too many products are with zeros (measured on two CPU
    cores: 57 ms for 76 frames; one frame 73, four 69; every output frame's taps gathered 95 ms).
    """
    kt, kh, kw, in_channels, out_channels = kernel.shape
    b, steps, h, w, _ = x.shape
    x = jnp.pad(x, [(0, 0), (0, -steps % TIME_BLOCK)] + [(0, 0)] * 3)
    blocks = jnp.moveaxis(x.reshape(b, -1, TIME_BLOCK, h, w, in_channels), 2, 4)
    before = -(-(kt // 2) // TIME_BLOCK)  # blocks that a block reaches on either side
    reached = TIME_BLOCK * (2 * before + 1)
    # An input frame's last tap is for the first output frame that sees it.
    starts = [frame + TIME_BLOCK * before - kt // 2 for frame in range(TIME_BLOCK)]
    shifted = [
        jnp.pad(kernel[::-1], [(start, reached - kt - start)] + [(0, 0)] * 4) for start in starts
    ]
    wide = jnp.moveaxis(jnp.stack(shifted, axis=3), 0, 4)  # kh kw frame i reached o
    wide = wide.reshape(kh, kw, TIME_BLOCK * in_channels, reached * out_channels)
    shares = conv2d_frames(blocks.reshape(*blocks.shape[:4], -1), wide, space_stride)
    # XLA would write the shifted shares into memory, not only their sum.
    sums = compute_once(sum_shifted(shares, range(-before, before + 1)))
    b, t, h, w, _ = sums.shape
    frames = jnp.moveaxis(sums.reshape(b, t, h, w, TIME_BLOCK, out_channels), 4, 2)
    return frames.reshape(b, t * TIME_BLOCK, h, w, out_channels)[:, :steps]
