"""A video of any length to the steps that the BiLSTM reads, in memory that does not grow with it.

Frames come as a stream and go through the backbone a chunk at a time; what the temporal
convolutions leave of them is one vector of a few kilobytes a step.
"""

import functools
import inspect
import itertools
from collections.abc import Iterable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.batching import BUCKET, blank_frames, bucket_of, stack_clips
from sfsign_jax.data.frames import Frame
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import (
    left_padding,
    num_steps,
    receptive_field,
    total_stride,
    video_length,
)
from sfsign_jax.models.sign_model import model_with
from sfsign_jax.models.streaming import StreamCache, stream_features
from sfsign_jax.recognition.network import centre_crops, frame_features, pipelined
from sfsign_jax.recognition.sentences import SentenceSteps
from sfsign_jax.runtime.compilation import jit_forward

SINGLE_PASS_FRAMES = 320  # frames: clips up to this length are computed at once, which is faster
CHUNK_FRAMES = 128  # frames of longer ones that are computed at once


def video_steps(
    state: nnx.State,
    frames: Iterable[Frame],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
) -> Iterator[SentenceSteps]:
    """All steps of a video, a clip of ordinary length at once and longer ones in parts."""
    frames = iter(frames)
    clip = [*itertools.islice(frames, SINGLE_PASS_FRAMES + 1)]
    if len(clip) > SINGLE_PASS_FRAMES:
        rest = itertools.chain(clip, frames)
        del clip  # held by its iterator until it has passed
        yield from streamed_steps(
            state, rest, config=config, preprocessing=preprocessing, chunk=CHUNK_FRAMES
        )
    elif clip:
        images, num_frames = stack_clips([np.stack(clip)], bucket_of(len(clip), [BUCKET]))
        features = frame_features(
            state, images, num_frames, config=config, preprocessing=preprocessing
        )
        length = video_length(len(clip), config.temporal_stack)
        steps = temporal_steps(state, features, config=config)
        yield first_clip(steps, num_steps(length, config.temporal_stack))


def streamed_steps(
    state: nnx.State,
    frames: Iterable[Frame],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
    chunk: int,
) -> Iterator[SentenceSteps]:
    """All steps of a video, a chunk of frames at a time.

    `chunk` is a multiple of alpha; memory grows with it.
    """
    stack = config.temporal_stack
    overlap, stride = receptive_field(stack) - total_stride(stack), total_stride(stack)
    window = chunk // stride * stride + overlap
    waiting = np.zeros((0, sum(config.backbone.channels)), np.float32)
    for features in video_features(state, frames, config, preprocessing, chunk):
        waiting = np.concatenate([waiting, features])
        while len(waiting) >= window:
            steps = temporal_steps(state, waiting[None, :window], config=config)
            yield first_clip(steps, chunk // stride)
            waiting = waiting[window - overlap :]
    rest = num_steps(len(waiting), stack)
    if rest > 0:
        padded_steps = np.pad(waiting, [(0, window - len(waiting)), (0, 0)])
        steps = temporal_steps(state, padded_steps[None], config=config)
        yield first_clip(steps, rest)


def video_features(
    state: nnx.State,
    frames: Iterable[Frame],
    config: ModelConfig,
    preprocessing: Preprocessing,
    chunk: int,
) -> Iterator[Float[np.ndarray, "t c"]]:
    """Features of the padded video, chunk by chunk."""
    padded = padded_frames(frames, config.temporal_stack)
    alpha = config.backbone.alpha
    program = functools.partial(chunk_features, config=config, preprocessing=preprocessing)

    def run() -> Iterator[tuple[Array, int, int]]:
        cache = None
        start = length = delay = 0
        images = blank_frames(1, chunk, preprocessing.frame_size)
        while (piece := [*itertools.islice(padded, chunk)]) or start - delay < length:
            length += len(piece)
            newest = piece[-1] if piece else images[0, -1]
            images = np.stack(piece + [newest] * (chunk - len(piece)))[None]
            if cache is None:
                cache = empty_stream_cache(state, images, config, preprocessing)
            features, first, cache = program(
                state, images, np.int32(start), np.int32(-(-length // alpha) * alpha), cache
            )
            if start == 0:
                delay = -int(first)  # of every chunk
            yield features, start - delay, length
            start += chunk

    for features, first, length in pipelined(run()):
        yield trim_to_video(features, first, length)


def trim_to_video(
    features: Float[Array, "1 t c"], first: int, length: int
) -> Float[np.ndarray, "n c"]:
    """Of features that begin with frame `first`, those of a video of `length` frames."""
    return np.asarray(features)[0, max(-first, 0) : max(length - first, 0)]


def padded_frames(frames: Iterable[Frame], stack: tuple[str, ...]) -> Iterator[Frame]:
    """The first frame repeated before, the last one after, as every clip is."""
    number = 0
    for number, frame in enumerate(frames, 1):
        if number == 1:
            yield from itertools.repeat(frame, left_padding(stack))
        yield frame
    if number:
        after = video_length(number, stack) - number - left_padding(stack)
        yield from itertools.repeat(frame, after)


def empty_stream_cache(
    state: nnx.State, images: np.ndarray, config: ModelConfig, preprocessing: Preprocessing
) -> StreamCache:
    program = functools.partial(
        inspect.unwrap(chunk_features), config=config, preprocessing=preprocessing
    )
    cache = jax.eval_shape(program, state, images, jnp.array(0), jnp.array(0), None)[2]
    return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), cache)


@functools.partial(jit_forward, static_argnames=("config", "preprocessing"))
def chunk_features(
    state: nnx.State,
    frames: UInt8[Array, "1 n height width 3"],
    start: Int[Array, ""],
    length: Int[Array, ""],
    cache: StreamCache | None,
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
) -> tuple[Float[Array, "1 n c"], Int[Array, ""], StreamCache]:
    """Test transform and backbone (see `stream_features`)."""
    crops = centre_crops(frames, preprocessing, "float32")
    return stream_features(model_with(config, state).backbone, crops, start, length, cache)


@functools.partial(jit_forward, static_argnames=("config",))
def temporal_steps(
    state: nnx.State, features: Float[Array, "1 t c"], *, config: ModelConfig
) -> tuple[Float[Array, "1 steps hidden"], Float[Array, "1 steps"]]:
    """The temporal convolutions of the main path, and what their classifier says of blank."""
    path = model_with(config, state).paths["main"]
    length = jnp.array(features.shape[1:2])
    steps = path.temporal_conv(features[..., path.start : path.stop], length, train=False)
    return steps, jax.nn.softmax(path.conv_classifier(steps))[..., 0]


def first_clip(steps: tuple[Array, Array], number: int) -> SentenceSteps:
    """The first steps of the one clip that there is."""
    return SentenceSteps(*(np.asarray(x)[0, :number] for x in steps))


@functools.partial(jit_forward, static_argnames=("config",))
def step_logits(
    state: nnx.State,
    steps: Float[Array, "b steps hidden"],
    num_steps: Int[Array, " b"],
    *,
    config: ModelConfig,
) -> Float[Array, "b steps classes"]:
    """The BiLSTM's logits."""
    path = model_with(config, state).paths["main"]
    return path.classifier(path.bilstm(steps, num_steps, None))
