"""Features of a video that has not ended, as they would be if it ended now."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float

from sfsign_jax.data.batching import blank_frames
from sfsign_jax.data.frames import Frame
from sfsign_jax.models.lengths import left_padding, padded_length, total_stride, video_length
from sfsign_jax.models.streaming import StreamCache
from sfsign_jax.recognition.network import Network, chunk_features
from sfsign_jax.recognition.video import empty_stream_cache, trim_to_video


class LiveUpdate(NamedTuple):
    """Features of the padded video so far: the `settled` ones of earlier updates come first."""

    settled: Float[np.ndarray, "n c"]  # no further frame will change them
    ahead: Float[np.ndarray, "m c"]  # up to the end
    num_frames: int  # that the video has so far
    is_last: bool


def live_features(
    network: Network, frames: Iterable[Frame], *, hop_frames: int
) -> Iterator[LiveUpdate]:
    """An update every `hop_frames`, a multiple of alpha, and one at the end."""
    stack, alpha = network.config.temporal_stack, network.config.backbone.alpha
    size, left = network.preprocessing.frame_size, left_padding(stack)
    blank = blank_frames(1, hop_frames, size)
    empty_cache = empty_stream_cache(network, blank)
    # Compiles before the first frame is due, and tells how far features stay behind the frames.
    delay = -int(chunk_features(network, blank, np.int32(0), np.int32(0), empty_cache)[1])
    window = hop_frames + delay + left + total_stride(stack) + alpha
    window += -window % alpha

    def features_of(
        start: int, pieces: list[Frame], count: int, length: int, cache: StreamCache
    ) -> tuple[Array, Array, StreamCache]:
        images = blank_frames(1, count, size)
        images[0, : len(pieces)] = pieces
        return chunk_features(network, images, np.int32(start), np.int32(length), cache)

    cache, start, seen, last = empty_cache, 0, -left, False
    newest: Frame = blank[0, 0]
    padded = after_padding(frames, left)
    while not last:
        piece = [*itertools.islice(padded, hop_frames)]
        seen += len(piece)
        if not piece and seen <= 0:
            return
        newest = piece[-1] if piece else newest
        last = len(piece) < hop_frames
        settled = np.zeros((0, sum(network.config.backbone.channels)), np.float32)
        if not last:
            features, _, cache = features_of(start, piece, hop_frames, start + hop_frames, cache)
            settled = trim_to_video(features, start - delay, start + hop_frames - delay)
            start, piece = start + hop_frames, []
        if seen > 0:
            length = padded_length(seen, stack, alpha)
            rest = piece + [newest] * (length - start - len(piece))
            features, _, _ = features_of(start, rest, window, length, cache)
            ahead = trim_to_video(features, start - delay, video_length(seen, stack))
            yield LiveUpdate(settled, ahead, seen, last)


def after_padding(frames: Iterable[Frame], left: int) -> Iterator[Frame]:
    """The first frame repeated before the others."""
    for number, frame in enumerate(frames):
        if number == 0:
            yield from itertools.repeat(frame, left)
        yield frame
