"""The SlowFast backbone: two ResNets at two frame rates, fused after the stem and stages 2 to 4."""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Float, Int

from sfsign_jax.models.batch_norm import BatchNorm
from sfsign_jax.models.config import EXPANSION, STAGES, BackboneConfig
from sfsign_jax.models.convolution import Convolution
from sfsign_jax.models.fusion import Fusion, fused_channels
from sfsign_jax.models.initializers import Rng
from sfsign_jax.models.lengths import floor_divide
from sfsign_jax.models.lowering import (
    SAVE_POLICY,
    compute_once,
    max_pool,
    relu,
    saved_for_gradient,
    saved_where_wide,
)
from sfsign_jax.models.mode import TrainingMode, takes_batch_statistics
from sfsign_jax.models.stacking import PATHWAYS, is_kernel, runs_of

STEM_TIME_KERNELS = (1, 5)  # slow, fast
# Temporal kernels of the stages' first blocks, slow and fast.
TIME_KERNELS = {"s2": (1, 3), "s3": (1, 3), "s4": (3, 3), "s5": (3, 3)}

Policy = Callable[..., bool]  # of jax.checkpoint: what is kept
Pathways = list[Float[Array, "b t_pathway h w c_pathway"]]  # [slow, fast]


class PathwayStem(nnx.Module):
    def __init__(self, channels: int, time_kernel: int, *, rng: Rng):
        self.conv = Convolution(3, channels, (time_kernel, 7, 7), space_stride=2, rng=rng)
        self.bn = BatchNorm(channels)

    def __call__(
        self, x: Float[Array, "b t h w 3"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b t h/4 w/4 c"]:
        return max_pool(relu(self.bn(self.conv(x, length), length, train)))


class Branch2(nnx.Module):
    """The three convolutions of a bottleneck block: over time, over space, over channels."""

    def __init__(
        self,
        in_channels: int,
        inner: int,
        time_kernel: int,
        stride: int,
        final_scale: float,
        *,
        rng: Rng,
    ):
        outer = inner * EXPANSION
        self.a = Convolution(in_channels, inner, (time_kernel, 1, 1), rng=rng)
        self.a_bn = BatchNorm(inner)
        self.b = Convolution(inner, inner, (1, 3, 3), space_stride=stride, rng=rng)
        self.b_bn = BatchNorm(inner)
        self.c = Convolution(inner, outer, (1, 1, 1), rng=rng)
        self.c_bn = BatchNorm(outer, initial_scale=final_scale)

    def __call__(
        self, x: Float[Array, "b t h w i"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b t h_out w_out o"]:
        x = relu(self.a_bn(saved_for_gradient(self.a(x, length)), length, train))
        x = relu(self.b_bn(saved_for_gradient(self.b(x, length)), length, train))
        return self.c_bn(saved_where_wide(self.c(x, length)), length, train)


class Bottleneck(nnx.Module):
    def __init__(
        self,
        in_channels: int,
        inner: int,
        time_kernel: int,
        stride: int,
        final_scale: float,
        *,
        rng: Rng,
    ):
        outer = inner * EXPANSION
        self.projects = in_channels != outer or stride != 1
        if self.projects:
            self.branch1 = Convolution(in_channels, outer, (1, 1, 1), space_stride=stride, rng=rng)
            self.branch1_bn = BatchNorm(outer)
        self.branch2 = Branch2(in_channels, inner, time_kernel, stride, final_scale, rng=rng)

    def __call__(
        self, x: Float[Array, "b t h w i"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b t h_out w_out o"]:
        shortcut = x
        if self.projects:
            projected = saved_where_wide(self.branch1(x, length))
            shortcut = self.branch1_bn(projected, length, train)
        return relu(shortcut + self.branch2(x, length, train))


class Stem(nnx.Module):
    """s1: both pathways' stems."""

    def __init__(self, channels: tuple[int, int], *, rng: Rng):
        self.pathway0_stem = PathwayStem(channels[0], STEM_TIME_KERNELS[0], rng=rng)
        self.pathway1_stem = PathwayStem(channels[1], STEM_TIME_KERNELS[1], rng=rng)

    def __call__(self, pathways: Pathways, lengths: list[Array], train: bool) -> Pathways:
        stems = (self.pathway0_stem, self.pathway1_stem)
        return [s(x, n, train) for s, x, n in zip(stems, pathways, lengths, strict=True)]


class Stage(nnx.Module):
    """res2 to res5: bottleneck blocks of both pathways, named pathway{0 slow, 1 fast}_res{i}."""

    def __init__(
        self,
        name: str,
        config: BackboneConfig,
        in_channels: tuple[int, int],
        inner: tuple[int, int],
        *,
        rng: Rng,
    ):
        self.name = name
        self.runs = [runs_of(config, name, pathway) for pathway in PATHWAYS]
        temporal_blocks = config.temporal_blocks[STAGES.index(name)]
        for p, runs in enumerate(self.runs):
            for run in runs:
                block = Bottleneck(
                    in_channels[p] if run.first == 0 else inner[p] * EXPANSION,
                    inner[p],
                    TIME_KERNELS[name][p] if run.first < temporal_blocks else 1,
                    stride=2 if run.first == 0 and name != STAGES[0] else 1,
                    final_scale=0.0 if config.zero_init_final_bn else 1.0,
                    rng=rng,
                )
                if run.num_blocks > 1:
                    add_run_axis(block, run.num_blocks)
                setattr(self, run.name, block)

    def __call__(
        self,
        pathways: Pathways,
        lengths: list[Array],
        training: TrainingMode | None,
    ) -> Pathways:
        """For a gradient, blocks keep the most expensive part of what they compute.

        See `lowering.saved_for_gradient`; of a stage in `training.remat` only their input.
        """
        train = takes_batch_statistics(training)
        keep = None if training and self.name in training.remat else SAVE_POLICY
        call_block = block_for_inference if training is None else block_for_gradient(keep)
        outputs: Pathways = []
        for p, (x, length) in enumerate(zip(pathways, lengths, strict=True)):
            if outputs:  # the slow pathway before the fast one: both at once need more memory
                outputs[0], x = compute_once((outputs[0], x))
            for run in self.runs[p]:
                block = getattr(self, run.name)
                if run.num_blocks == 1:
                    x = call_block(block, x, length, train)
                else:
                    x = scan_run(block, x, length, train, keep)
            # Computed once, not by each of its readers.
            outputs.append(compute_once(x))
        return outputs


def add_run_axis(block: Bottleneck, count: int) -> None:
    """Of a block of shapes, those of `count` blocks stacked."""
    state = nnx.state(block)
    nnx.update(block, jax.tree.map(lambda x: np.broadcast_to(x, (count, *x.shape)), state))


def scan_run(
    block: Bottleneck,
    x: Float[Array, "b t h w c"],
    length: Int[Array, " b"],
    train: bool,
    keep: Policy | None,
) -> Float[Array, "b t h w c"]:
    """`x` through the blocks that `block` is a stack of, whose new statistics it keeps."""
    graph, state = nnx.split(block)
    kernels, vectors = nnx.split_state(state, is_kernel, ...)
    rows, as_vectors = rows_of(vectors)

    # A loop's body needs no barrier between what it computes first and what it computes again.
    @functools.partial(jax.checkpoint, policy=keep, prevent_cse=False)
    def body(x: Array, weights: tuple[nnx.State, Array]) -> tuple[Array, Array]:
        kernels, row = weights
        one = nnx.merge(graph, kernels, as_vectors(row))
        x = one(x, length, train)
        return x, ravel_pytree(nnx.state(one, nnx.BatchStat))[0]

    x, statistics = lax.scan(body, x, (kernels, rows))
    as_statistics = rows_of(nnx.state(block, nnx.BatchStat))[1]
    nnx.update(block, jax.vmap(as_statistics)(statistics))
    return x


def rows_of(vectors: nnx.State) -> tuple[Float[Array, "n k"], Callable[[Array], nnx.State]]:
    """Vectors of n blocks as one array, a row each, and what makes vectors of a row again."""
    rows = jax.vmap(lambda one: ravel_pytree(one)[0])(vectors)
    return rows, ravel_pytree(jax.tree.map(lambda x: x[0], vectors))[1]


# Of equal blocks one is traced and lowered: half of a second of every start.
block_for_inference = jax.jit(Bottleneck.__call__, static_argnames="train")


def block_for_gradient(keep: Policy | None) -> Callable[..., Array]:
    """The call of a block that keeps for the gradient only what `keep` says; None: its input."""
    return nnx.remat(Bottleneck.__call__, static_argnums=3, policy=keep)


class SlowFast(nnx.Module):
    """Frames to one feature vector a frame, [slow | fast].

    See docs/specification.md, "Model", and section 3 of SlowFast (ICCV 2019).
    """

    def __init__(self, config: BackboneConfig, *, rng: Rng):
        self.alpha = config.alpha
        slow, fast = config.width, config.width // config.beta_inv
        self.s1 = Stem((slow, fast), rng=rng)
        in_channels = (slow, fast)
        for i, stage in enumerate(STAGES):
            fusion = Fusion(
                config.fusion, *in_channels, alpha=config.alpha, ratio=config.fusion_ratio, rng=rng
            )
            setattr(self, f"s{i + 1}_fuse", fusion)
            in_channels = fused_channels(config.fusion, *in_channels, config.fusion_ratio)
            inner = (slow * 2**i, fast * 2**i)
            setattr(self, stage, Stage(stage, config, in_channels, inner, rng=rng))
            in_channels = (inner[0] * EXPANSION, inner[1] * EXPANSION)

    def __call__(
        self,
        frames: Float[Array, "b t h w 3"],
        length: Int[Array, " b"],
        training: TrainingMode | None = None,
    ) -> Float[Array, "b t c"]:
        """The features; `frames` normalised, t and `length` multiples of alpha."""
        stems = self.stems(frames, length, training)
        return self.features(self.run(STAGES, stems, length, training))

    def stems(
        self,
        frames: Float[Array, "b t h w 3"],
        length: Int[Array, " b"],
        training: TrainingMode | None = None,
    ) -> Pathways:
        """s1: the slow pathway sees every alpha-th frame, the fast one all of them."""
        lengths = [floor_divide(length, self.alpha), length]
        pathways = [frames[:, :: self.alpha], frames]
        return self.s1(pathways, lengths, takes_batch_statistics(training))

    def run(
        self,
        stages: Sequence[str],
        pathways: Pathways,
        length: Int[Array, " b"],
        training: TrainingMode | None = None,
    ) -> Pathways:
        """Some stages, one after the other, each after its fusion."""
        lengths = [floor_divide(length, self.alpha), length]
        train = takes_batch_statistics(training)
        for stage in stages:
            fusion = getattr(self, f"s{STAGES.index(stage) + 1}_fuse")
            # Computed once, as a stage's outputs.
            pathways = [*compute_once(fusion(*pathways, length, train))]
            pathways = getattr(self, stage)(pathways, lengths, training)
        return pathways

    def features(self, pathways: Pathways) -> Float[Array, "b t c"]:
        """The mean over space, slow steps repeated."""
        slow, fast = (jnp.mean(x, axis=(2, 3)) for x in pathways)
        return jnp.concatenate([jnp.repeat(slow, self.alpha, axis=1), fast], axis=-1)
