"""A video of any length to the steps that the BiLSTM reads, in memory that does not grow with it.

Frames come as a stream and go through the backbone a chunk at a time; what the temporal
convolutions leave of them is one vector of a few kilobytes a step.
"""

import inspect
import itertools
from collections.abc import Iterable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import ArrayLike, Float, UInt8

from sfsign_jax.data.batching import LENGTH_MULTIPLE, blank_frames, bucket_of, stack_clips
from sfsign_jax.data.frames import Frame
from sfsign_jax.models.lengths import (
    left_padding,
    num_steps,
    receptive_field,
    total_stride,
    video_length,
)
from sfsign_jax.models.streaming import StreamCache
from sfsign_jax.recognition.network import (
    Network,
    chunk_features,
    frame_features,
    phases,
    pipelined,
    temporal_steps,
)
from sfsign_jax.recognition.sentences import StepChunk

SINGLE_PASS_FRAMES = 320  # frames: clips up to this length are computed at once, which is faster
CHUNK_FRAMES = 128  # frames of longer ones that are computed at once


def video_steps(network: Network, frames: Iterable[Frame]) -> Iterator[StepChunk]:
    """All steps of a video, a clip of ordinary length at once and longer ones in parts."""
    frames = iter(frames)
    clip = [*itertools.islice(frames, SINGLE_PASS_FRAMES + 1)]
    if len(clip) > SINGLE_PASS_FRAMES:
        rest = itertools.chain(clip, frames)
        del clip  # held by its iterator until it has passed
        yield from streamed_steps(network, rest, CHUNK_FRAMES)
    elif clip:
        images, num_frames = stack_clips([np.stack(clip)], bucket_of(len(clip), [LENGTH_MULTIPLE]))
        features = frame_features(network, images, num_frames)
        length = video_length(len(clip), network.config.temporal_stack)
        yield step_chunk(network, features, length)


def streamed_steps(network: Network, frames: Iterable[Frame], chunk: int) -> Iterator[StepChunk]:
    """All steps of a video, a chunk of frames at a time.

    `chunk` is a multiple of alpha; memory grows with it.
    """
    stack = network.config.temporal_stack
    stride = total_stride(stack)
    hop = chunk // stride * stride
    window = hop + receptive_field(stack) - 1  # the last phase sees the last frame of it
    waiting = np.zeros((0, sum(network.config.backbone.channels)), np.float32)
    for features in video_features(network, frames, chunk):
        waiting = np.concatenate([waiting, features])
        while len(waiting) >= window:
            yield step_chunk(network, waiting[None, :window], window)
            waiting = waiting[hop:]
    if num_steps(len(waiting), stack) > 0:
        padded = np.pad(waiting, [(0, window - len(waiting)), (0, 0)])
        yield step_chunk(network, padded[None], len(waiting))


def video_features(
    network: Network, frames: Iterable[Frame], chunk: int
) -> Iterator[Float[np.ndarray, "t c"]]:
    """Features of the padded video, chunk by chunk."""
    padded = padded_frames(frames, network.config.temporal_stack)
    alpha = network.config.backbone.alpha

    def run() -> Iterator[tuple[Array, int, int]]:
        cache = None
        start = length = delay = 0
        newest: Frame | int = 0
        while (piece := [*itertools.islice(padded, chunk)]) or start - delay < length:
            length += len(piece)
            newest = piece[-1] if piece else newest
            images = blank_frames(1, chunk, network.preprocessing.frame_size)
            images[0, : len(piece)] = piece or 0
            images[0, len(piece) :] = newest
            if cache is None:
                cache = empty_stream_cache(network, images)
            video_ends = np.int32(-(-length // alpha) * alpha)
            features, first, cache = chunk_features(
                network, images, np.int32(start), video_ends, cache
            )
            if start == 0:
                delay = -int(first)  # the same for every chunk
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
    count = 0
    for count, frame in enumerate(frames, 1):
        if count == 1:
            yield from itertools.repeat(frame, left_padding(stack))
        yield frame
    if count:
        after = video_length(count, stack) - count - left_padding(stack)
        yield from itertools.repeat(frame, after)


def empty_stream_cache(network: Network, images: UInt8[np.ndarray, "1 n h w 3"]) -> StreamCache:
    """Zeros, as many as a chunk leaves."""
    program = inspect.unwrap(chunk_features)
    cache = jax.eval_shape(program, network, images, jnp.array(0), jnp.array(0), None)[2]
    return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), cache)


def step_chunk(network: Network, features: Float[ArrayLike, "1 t c"], length: int) -> StepChunk:
    """The steps of `length` features, in all phases."""
    moved = phases(network, jnp.asarray(features), jnp.array([length]))[:, 0]
    count = num_steps(length, network.config.temporal_stack)
    steps = temporal_steps(network, moved, np.full(len(moved), count, np.int32))
    return StepChunk(
        np.asarray(steps.steps)[:, :count].swapaxes(0, 1), np.asarray(steps.blank)[0, :count]
    )
