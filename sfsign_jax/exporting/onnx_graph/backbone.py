"""The SlowFast backbone. Frames are a batch of images: ONNX Runtime's 3-D convolutions are slow."""

import numpy as np
from jaxtyping import Float
from spox import Var

from sfsign_jax.exporting.onnx_graph.operators import (
    TO_THE_END,
    floats,
    integers,
    op,
    part_of,
    repeat_steps,
    values,
)
from sfsign_jax.models.batch_norm import BatchNorm
from sfsign_jax.models.config import STAGES
from sfsign_jax.models.convolution import Convolution
from sfsign_jax.models.fusion import Fusion
from sfsign_jax.models.slowfast import Bottleneck, PathwayStem, SlowFast, Stage

Steps = Float[Var, "t c h w"]  # of one pathway


def frame_features(frames: Float[Var, "t 3 h w"], backbone: SlowFast) -> Float[Var, "t c"]:
    slow = stem(part_of(frames, 0, 0, step=backbone.alpha), backbone.s1.pathway0_stem)
    fast = stem(frames, backbone.s1.pathway1_stem)
    for number, name in enumerate(STAGES, 1):
        slow, fast = fused(slow, fast, getattr(backbone, f"s{number}_fuse"))
        stage = getattr(backbone, name)
        slow, fast = blocks(slow, stage, 0), blocks(fast, stage, 1)
    means = [op.reduce_mean(x, axes=[2, 3], keepdims=0) for x in (slow, fast)]
    return op.concat([repeat_steps(means[0], backbone.alpha), means[1]], axis=1)


def stem(x: Float[Var, "t 3 h w"], layer: PathwayStem) -> Steps:
    activations = op.relu(normalized(x, layer.conv, layer.bn))
    return op.max_pool(activations, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)[0]


def blocks(x: Steps, stage: Stage, pathway: int) -> Steps:
    for run in stage.runs[pathway]:
        x = bottleneck(x, getattr(stage, run.name))
    return x


def bottleneck(x: Steps, block: Bottleneck) -> Steps:
    shortcut = normalized(x, block.branch1, block.branch1_bn) if block.projects else x
    branch = block.branch2
    x = op.relu(normalized(x, branch.a, branch.a_bn))
    x = op.relu(normalized(x, branch.b, branch.b_bn))
    return op.relu(op.add(shortcut, normalized(x, branch.c, branch.c_bn)))


def fused(slow: Steps, fast: Steps, fusion: Fusion) -> tuple[Steps, Steps]:
    f2s = op.relu(normalized(fast, fusion.conv_f2s, fusion.bn))
    if fusion.variant == "FuseFastToSlow":
        return op.concat([slow, f2s], axis=1), fast
    s2f = repeat_steps(op.relu(normalized(slow, fusion.conv_s2f, fusion.bn2)), fusion.alpha)
    if fusion.variant == "FuseBiCat":
        return op.concat([slow, f2s], axis=1), op.concat([fast, s2f], axis=1)
    slow_weight, fast_weight = values(fusion.weight_s), values(fusion.weight_f)
    if fusion.variant == "FuseBiAdd":
        return weighted_sum(slow, 1, f2s, slow_weight), weighted_sum(fast, 1, s2f, fast_weight)
    return (
        weighted_sum(slow, slow_weight, f2s, 1 - slow_weight),
        weighted_sum(fast, fast_weight, s2f, 1 - fast_weight),
    )


def weighted_sum(
    own: Steps, own_weight: np.ndarray | int, other: Steps, other_weight: np.ndarray
) -> Steps:
    return op.add(op.mul(own, floats(own_weight)), op.mul(other, floats(other_weight)))


def normalized(x: Steps, layer: Convolution, norm: BatchNorm) -> Steps:
    """A convolution, which has the scale of its batch norm, and the offset."""
    kernel = values(layer.kernel)
    taps, height, width, _, out_channels = kernel.shape
    return op.conv(
        side_by_side(x, taps, layer.time_stride) if taps > 1 else x,
        floats(kernel.transpose(4, 0, 3, 1, 2).reshape(out_channels, -1, height, width)),
        floats(values(norm.bias)),
        strides=[layer.space_stride] * 2,
        pads=[height // 2, width // 2] * 2,
    )


def side_by_side(x: Steps, taps: int, stride: int) -> Float[Var, "t_out taps*c h w"]:
    """As `stack_time_taps`, with zeros before the first step and after the last one."""
    around = [taps // 2, 0, 0, 0]
    padded = op.pad(x, integers(*around, *around))
    stops = [tap - taps + 1 for tap in range(taps - 1)] + [TO_THE_END]
    seen = [part_of(padded, 0, tap, stop, stride) for tap, stop in enumerate(stops)]
    return op.concat(seen, axis=1)
