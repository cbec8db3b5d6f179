"""The backbone over a video of any length, a chunk of frames at a time.

The features equal those of the whole video: a layer that looks over time gets its chunk together
with the last steps of the chunk before, and answers for all but the outermost of them. So every
such layer lags a few frames behind the one before it, and only the steps at the seams are computed
twice.
"""

import functools
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.config import STAGES
from sfsign_jax.models.fusion import FUSION_KERNEL
from sfsign_jax.models.lengths import floor_divide
from sfsign_jax.models.slowfast import STEM_TIME_KERNELS, SlowFast, Stage, block_for_inference

StreamCache = dict[str, Float[Array, "1 steps *rest"]]  # by layer: the last steps of its input
# Of a pathway, and by how many steps it lags behind the input.
DelayedSteps = tuple[Float[Array, "1 t *rest"], int]


class Chunk:
    """Where in the video a chunk is, at one pathway's rate, and what layers keep of it."""

    def __init__(self, start: Int[Array, ""], length: Int[Array, ""], cache: StreamCache | None):
        self.start = start
        self.length = length
        self.cache = cache
        self.new_cache: StreamCache = {}

    def join(self, layer: str, x: Float[Array, "1 t *rest"], num_before: int) -> Array:
        """`x` after the `num_before` steps that came before it."""
        before = (
            self.cache[layer] if self.cache else jnp.zeros((1, num_before, *x.shape[2:]), x.dtype)
        )
        x = jnp.concatenate([before, x], axis=1)
        self.new_cache[layer] = x[:, x.shape[1] - num_before :]
        return x

    def delayed(self, layer: str, steps: DelayedSteps, delay: int) -> DelayedSteps:
        x, now = steps
        return self.join(layer, x, delay - now)[:, : x.shape[1]], delay

    def widened(
        self, layer: str, steps: DelayedSteps, context: int
    ) -> tuple[Array, Int[Array, "1"]]:
        """`context` more steps on both sides, and where the video ends in them."""
        x, delay = steps
        x = self.join(layer, x, 2 * context)
        first = self.start - delay - 2 * context
        index = first + jnp.arange(x.shape[1])
        inside = (index >= 0) & (index < self.length)
        x = jnp.where(inside.reshape(-1, *[1] * (x.ndim - 2)), x, 0)
        return x, (self.length - first)[None]

    def apply(
        self, layer: str, call: Callable[..., Array], steps: DelayedSteps, context: int
    ) -> DelayedSteps:
        """`call`, which sees `context` steps to both sides, on a pathway."""
        x, delay = steps
        if context == 0:
            return call(x, self.length[None], train=False), delay
        x, length = self.widened(layer, steps, context)
        return call(x, length, train=False)[:, context:-context], delay + context


def stream_features(
    backbone: SlowFast,
    frames: Float[Array, "1 t h w 3"],
    start: Int[Array, ""],
    length: Int[Array, ""],
    cache: StreamCache | None,
) -> tuple[Float[Array, "1 t c"], Int[Array, ""], StreamCache]:
    """Features of `t` frames, of which frame they are the first, and what the next chunk needs.

    `frames` are those from `start` on of a video of `length` frames, `cache` is what the call for
    the chunk before returned; t, start and length are multiples of alpha. The features are those
    of some frames before: at a video's end go on with any frames until all are there.
    """
    alpha = backbone.alpha
    fast_chunk = Chunk(start, length, cache)
    slow_chunk = Chunk(floor_divide(start, alpha), floor_divide(length, alpha), cache)
    chunks = (slow_chunk, fast_chunk)
    pathways = [(frames[:, ::alpha], 0), (frames, 0)]
    stems = (backbone.s1.pathway0_stem, backbone.s1.pathway1_stem)
    pathways = [
        chunk.apply(f"s1.{p}", stem, steps, kernel // 2)
        for p, (chunk, stem, steps, kernel) in enumerate(
            zip(chunks, stems, pathways, STEM_TIME_KERNELS, strict=True)
        )
    ]
    for i, stage in enumerate(STAGES):
        pathways = aligned(f"s{i + 1}", chunks, pathways, alpha)
        pathways = fused(f"s{i + 1}_fuse", backbone, chunks, pathways)
        pathways = [
            blocks(f"{stage}.{p}", getattr(backbone, stage), p, chunk, steps)
            for p, (chunk, steps) in enumerate(zip(chunks, pathways, strict=True))
        ]
    (slow, _), (fast, delay) = aligned("s5", chunks, pathways, alpha)
    slow, fast = (jnp.mean(x, axis=(2, 3)) for x in (slow, fast))
    features = jnp.concatenate([jnp.repeat(slow, alpha, axis=1), fast], axis=-1)
    return features, start - delay, slow_chunk.new_cache | fast_chunk.new_cache


def blocks(
    name: str, stage: Stage, pathway: int, chunk: Chunk, steps: DelayedSteps
) -> DelayedSteps:
    for i, run in enumerate(stage.runs[pathway]):
        block = getattr(stage, run.name)
        context = block.branch2.a.kernel.shape[0] // 2
        call = functools.partial(block_for_inference, block)
        steps = chunk.apply(f"{name}.{i}", call, steps, context)
    return steps


def aligned(
    name: str, chunks: tuple[Chunk, Chunk], pathways: list[DelayedSteps], alpha: int
) -> list[DelayedSteps]:
    """Both pathways, with the delay of the later one."""
    (_, slow), (_, fast) = pathways
    delay = max(slow, -(-fast // alpha))
    return [
        chunk.delayed(f"{name}.delay{p}", steps, delay * rate)
        for p, (chunk, steps, rate) in enumerate(zip(chunks, pathways, (1, alpha), strict=True))
    ]


def fused(
    name: str, backbone: SlowFast, chunks: tuple[Chunk, Chunk], pathways: list[DelayedSteps]
) -> list[DelayedSteps]:
    alpha = backbone.alpha
    context = -(-(FUSION_KERNEL // 2) // alpha)  # of slow steps
    contexts = (context, context * alpha)
    (slow, _), (fast, length) = (
        chunk.widened(f"{name}.{p}", steps, context)
        for p, (chunk, steps, context) in enumerate(zip(chunks, pathways, contexts, strict=True))
    )
    outputs = getattr(backbone, name)(slow, fast, length, False)
    return [
        (x[:, context:-context], delay + context)
        for x, context, (_, delay) in zip(outputs, contexts, pathways, strict=True)
    ]
