"""The rules of `models.lengths` for a clip whose length only the runtime knows."""

import numpy as np
from jaxtyping import Int
from spox import Var

from sfsign_jax.exporting.onnx_graph.operators import op
from sfsign_jax.models.lengths import left_padding, total_stride

Count = Int[Var, ""]


def integer(number: int) -> Count:
    return op.const(np.int64(number))


def rounded_up(count: Count, multiple: int) -> Count:
    by = integer(multiple)
    return op.mul(op.div(op.add(count, integer(multiple - 1)), by), by)


def video_length(num_frames: Count, stack: tuple[str, ...]) -> Count:
    whole_steps = rounded_up(num_frames, total_stride(stack))
    return op.add(whole_steps, integer(2 * left_padding(stack)))


def padded_frames(num_frames: Count, stack: tuple[str, ...], alpha: int) -> Int[Var, " t"]:
    """Which frame of the clip is each of the padded ones (see `pad_clips`)."""
    length = rounded_up(video_length(num_frames, stack), alpha)
    left = left_padding(stack)
    numbers = op.range(integer(-left), op.sub(length, integer(left)), integer(1))
    last = op.sub(num_frames, integer(1))
    return op.min([op.max([numbers, integer(0)]), last])
