"""How clips of different length become one batch, and how many steps come out of it."""

from typing import TypeVar

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Int, Num

from sfsign_jax.models.lowering import compute_once

Count = TypeVar("Count", int, Array)  # of one clip, or of a batch


def floor_divide(count: Count, divisor: int) -> Count:
    """Rounded down; `count` is not negative.

    `//` of an array allows for signs with a dozen operations, which XLA repeats in every kernel
    that looks at a length.
    """
    if not isinstance(count, Array):
        return count // divisor
    return compute_once(lax.div(count, jnp.array(divisor, count.dtype)))


def left_padding(stack: tuple[str, ...]) -> int:
    """Frames before the clip: 6 in the published model.

    As published, the last pool's own stride counts, and not the product of those so far.
    """
    left, stride = 0, 1
    for layer in stack:
        size = int(layer[1:])
        if layer[0] == "K":
            left = left * stride + (size - 1) // 2
        else:
            stride = size
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


def video_length(num_frames: Count, stack: tuple[str, ...]) -> Count:
    """A clip's length with its own padding: 4·ceil(n/4) + 12 in the published model."""
    stride = total_stride(stack)
    return floor_divide(num_frames + stride - 1, stride) * stride + 2 * left_padding(stack)


def padded_length(num_frames: Count, stack: tuple[str, ...], alpha: int) -> Count:
    """The video length rounded up to a multiple of alpha, so that slow and fast pathway agree."""
    return floor_divide(video_length(num_frames, stack) + alpha - 1, alpha) * alpha


def num_steps(length: Count, stack: tuple[str, ...]) -> Count:
    """Output steps of a video length: ceil(n/4) in the published model.

    None, where the stack sees more than a clip has with its padding.
    """
    for layer in stack:
        size = int(layer[1:])
        if layer[0] == "P":
            length = floor_divide(length, size)
        elif isinstance(length, int):
            length = max(length - (size - 1), 0)
        else:
            length = jnp.maximum(length - (size - 1), 0)
    return length


def pad_clips(
    frames: Num[Array, "b n h w c"],
    num_frames: Int[Array, " b"],
    stack: tuple[str, ...],
    alpha: int,
) -> Num[Array, "b t h w c"]:
    """Repeat each clip's first frame before it and its last one after it."""
    left, length = left_padding(stack), padded_length(frames.shape[1], stack, alpha)
    index = jnp.clip(jnp.arange(length) - left, 0, num_frames[:, None] - 1)
    return jnp.take_along_axis(frames, index[:, :, None, None, None], axis=1)


def moved(
    features: Num[Array, "b t c"], length: Int[Array, " b"], count: int
) -> Num[Array, "count b t c"]:
    """Clips without their first features: without none, one, …, so that steps begin in each.

    The last of a clip's features stands for those after it.
    """
    index = jnp.arange(count)[:, None, None] + jnp.arange(features.shape[1])
    index = jnp.minimum(index, length[:, None] - 1)
    return jnp.take_along_axis(features[None], index[..., None], axis=2)
