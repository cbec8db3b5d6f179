"""How clips of different length become one batch, and how many steps come out of it."""

from typing import TypeVar

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Int, Num

from sfsign_jax.models.lowering import compute_once

Count = TypeVar("Count", int, Array)  # of one clip, or of a batch


def divide(count: Count, by: int) -> Count:
    """Rounded down; `count` is not negative.

    `//` of an array allows for signs with a dozen operations, which XLA repeats in every kernel
    that looks at a length.
    """
    if not isinstance(count, Array):
        return count // by
    return compute_once(lax.div(count, jnp.array(by, count.dtype)))


def left_padding(stack: tuple[str, ...]) -> int:
    """Frames before the clip, so that the first output step is centred on its first frames."""
    left, stride = 0, 1
    for layer in stack:
        size = int(layer[1:])
        if layer[0] == "K":
            left += (size - 1) // 2 * stride
        else:
            stride *= size
    return left


def total_stride(stack: tuple[str, ...]) -> int:
    """Frames per output step."""
    stride = 1
    for layer in stack:
        stride *= int(layer[1:]) if layer[0] == "P" else 1
    return stride


def receptive_field(stack: tuple[str, ...]) -> int:
    """Frames that one output step sees: 16 in the published model."""
    seen = 1
    for layer in reversed(stack):
        size = int(layer[1:])
        seen = seen + size - 1 if layer[0] == "K" else seen * size
    return seen


def video_length(num_frames: Count, stack: tuple[str, ...], alpha: int) -> Count:
    """A clip's length with its own padding: 4·ceil(n/4) + 12 in the published model.

    Rounded up to a multiple of alpha, where the reference would crash.
    """
    stride = total_stride(stack)
    padded = divide(num_frames + stride - 1, stride) * stride + 2 * left_padding(stack)
    return divide(padded + alpha - 1, alpha) * alpha


def num_steps(length: Count, stack: tuple[str, ...]) -> Count:
    """Output steps of a padded clip of `length` frames: ceil(n/4) in the published model."""
    for layer in stack:
        size = int(layer[1:])
        length = length - (size - 1) if layer[0] == "K" else divide(length, size)
    return length


def pad_clips(
    frames: Num[Array, "b n h w c"],
    num_frames: Int[Array, " b"],
    stack: tuple[str, ...],
    alpha: int,
) -> Num[Array, "b t h w c"]:
    """Repeat each clip's first frame before it and its last one after it."""
    left, length = left_padding(stack), video_length(frames.shape[1], stack, alpha)
    index = jnp.clip(jnp.arange(length) - left, 0, num_frames[:, None] - 1)
    return jnp.take_along_axis(frames, index[:, :, None, None, None], axis=1)
