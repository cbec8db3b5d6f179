"""Features of a video that has not ended, as they would be if it ended now."""

import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from flax import nnx
from jaxtyping import Float

from sfsign_jax.data.batching import blank_frames
from sfsign_jax.data.frames import Frame
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import left_padding, total_stride, video_length
from sfsign_jax.recognition.video import chunk_features, nothing_kept, within


class Look(NamedTuple):
    """Features of the padded video so far: those of former looks' `settled` come before these."""

    settled: Float[np.ndarray, "n c"]  # no further frame will change them
    ahead: Float[np.ndarray, "m c"]  # up to the end
    seen: int  # frames
    last: bool


def live_features(
    state: nnx.State,
    frames: Iterable[Frame],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
    hop: int,
) -> Iterator[Look]:
    """A look every `hop` frames, a multiple of alpha, and one at the end."""
    stack, alpha = config.temporal_stack, config.backbone.alpha
    size, left = preprocessing.frame_size, left_padding(stack)
    program = functools.partial(chunk_features, config=config, preprocessing=preprocessing)
    blank = blank_frames(1, hop, size)
    nothing = nothing_kept(state, blank, config, preprocessing)
    # Compiles before the first frame is due, and tells how far features stay behind the frames.
    behind = -int(program(state, blank, np.int32(0), np.int32(0), nothing)[1])
    room = hop + behind + left + total_stride(stack) + alpha
    room += -room % alpha

    def features_of(start, pieces, number, length, kept):
        images = blank_frames(1, number, size)
        images[0, : len(pieces)] = pieces
        return program(state, images, np.int32(start), np.int32(length), kept)

    kept, start, seen, last = nothing, 0, -left, False
    newest: Frame = blank[0, 0]
    padded = after_padding(frames, left)
    while not last:
        piece = [*itertools.islice(padded, hop)]
        seen += len(piece)
        if not piece and seen <= 0:
            return
        newest = piece[-1] if piece else newest
        last = len(piece) < hop
        settled = np.zeros((0, sum(config.backbone.channels)), np.float32)
        if not last:
            features, _, kept = features_of(start, piece, hop, start + hop, kept)
            settled = within(features, start - behind, start + hop - behind)
            start, piece = start + hop, []
        if seen > 0:
            length = video_length(seen, stack, alpha)
            rest = piece + [newest] * (length - start - len(piece))
            features, _, _ = features_of(start, rest, room, length, kept)
            yield Look(settled, within(features, start - behind, length), seen, last)


def after_padding(frames: Iterable[Frame], left: int) -> Iterator[Frame]:
    """The first frame repeated before the others."""
    for number, frame in enumerate(frames):
        if number == 0:
            yield from itertools.repeat(frame, left)
        yield frame
