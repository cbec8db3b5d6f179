"""A trained network, and its way from stored frames to logits: one jitted program for each part.

frames -- frame_features --> features -- temporal_steps --> steps -- sequence_logits --> logits

A clip goes this way at once (`clip_logits`). Of a long or live video `chunk_features` makes the
features a chunk at a time, and the BiLSTM reads a sentence at a time (see recognition.video).
"""

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import ArrayLike, Float, Int, UInt8

from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize
from sfsign_jax.models.config import BLANK_CLASS, ModelConfig
from sfsign_jax.models.lengths import moved, num_steps, total_stride, video_length
from sfsign_jax.models.lowering import mask_time
from sfsign_jax.models.sign_model import Padding, SignModel, model_with
from sfsign_jax.models.streaming import StreamCache, stream_features
from sfsign_jax.runtime.compilation import jit_forward


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["state"],
    meta_fields=["config", "preprocessing"],
)
@dataclasses.dataclass(frozen=True)
class Network:
    """Weights, their architecture, and how frames reach it; an argument of jitted functions."""

    state: nnx.State
    config: ModelConfig
    preprocessing: Preprocessing

    def model(self) -> SignModel:
        """With the weights in it: inside a jitted function."""
        return model_with(self.config, self.state)

    def centre_crops(
        self, frames: UInt8[Array, "b n height width 3"], dtype: str = "float32"
    ) -> Float[Array, "b n h w 3"]:
        """The test transform."""
        corner = jnp.broadcast_to(jnp.array(self.preprocessing.centre), (len(frames), 2))
        flip = jnp.zeros(len(frames), bool)
        crop_size = self.preprocessing.crop_size
        return crop_flip_normalize(frames, corner, flip, crop_size, jnp.dtype(dtype))


class TemporalSteps(NamedTuple):
    """What the temporal convolutions make of features; 0 from a clip's `num_steps` on."""

    steps: Float[Array, "b steps hidden"]  # what the BiLSTM reads
    conv_logits: Float[Array, "b steps classes"]
    blank: Float[Array, "b steps"]  # the probability of blank by the conv logits


class ClipLogits(NamedTuple):
    """Logits of both heads, 0 from a clip's `num_steps` on."""

    conv_logits: Float[Array, "b steps classes"]
    sequence_logits: Float[Array, "b steps classes"]
    num_steps: Int[Array, " b"]


def clip_logits(
    network: Network,
    frames: UInt8[ArrayLike, "b n height width 3"],
    num_frames: Int[ArrayLike, " b"],
    *,
    padding: Padding = "masked",
    dtype: str = "float32",
) -> ClipLogits:
    """Logits of clips of stored frames, filled up to `n`; the backbone computes in `dtype`."""
    features = frame_features(network, frames, num_frames, padding=padding, dtype=dtype)
    return feature_logits(network, features, num_frames)


def feature_logits(
    network: Network, features: Float[ArrayLike, "b t c"], num_frames: Int[ArrayLike, " b"]
) -> ClipLogits:
    """Logits of clips of `num_frames` frames, from the features of their padded frames on."""
    count = clip_steps(network, num_frames)
    steps, conv_logits, _ = temporal_steps(network, features, count)
    return ClipLogits(conv_logits, sequence_logits(network, steps, count)[0], count)


@functools.partial(jit_forward, static_argnames=("padding", "dtype"))
def frame_features(
    network: Network,
    frames: UInt8[Array, "b n height width 3"],
    num_frames: Int[Array, " b"],
    *,
    padding: Padding = "masked",
    dtype: str = "float32",
) -> Float[Array, "b t c"]:
    """The backbone's features of every padded frame of clips (see `SignModel.frame_features`)."""
    crops = network.centre_crops(frames, dtype)
    return network.model().frame_features(crops, num_frames, padding=padding)


@jit_forward
def chunk_features(
    network: Network,
    frames: UInt8[Array, "1 n height width 3"],
    start: Int[Array, ""],
    length: Int[Array, ""],
    cache: StreamCache | None,
) -> tuple[Float[Array, "1 n c"], Int[Array, ""], StreamCache]:
    """The backbone's features of a chunk of a video's padded frames (see `stream_features`)."""
    crops = network.centre_crops(frames)
    return stream_features(network.model().backbone, crops, start, length, cache)


@jit_forward
def clip_steps(network: Network, num_frames: Int[Array, " b"]) -> Int[Array, " b"]:
    """How many steps each clip has."""
    stack = network.config.temporal_stack
    return num_steps(video_length(num_frames, stack), stack)


@jit_forward
def phases(
    network: Network, features: Float[Array, "b t c"], length: Int[Array, " b"]
) -> Float[Array, "phases b t c"]:
    """Features of clips with so many, moved by no frame, by one, and so on (see `moved`)."""
    return moved(features, length, total_stride(network.config.temporal_stack))


def phase_logits(
    network: Network, features: Float[ArrayLike, "b t c"], num_frames: Int[ArrayLike, " b"]
) -> tuple[
    Float[Array, "b phases steps classes"], Float[Array, "b phases steps classes"], Int[Array, " b"]
]:
    """The convolutions' and the BiLSTM's logits of clips in every phase, and the clips' steps."""
    length = video_length(jnp.asarray(num_frames), network.config.temporal_stack)
    moved = phases(network, jnp.asarray(features), length)
    outputs = zip(*(feature_logits(network, one, num_frames) for one in moved), strict=True)
    conv, sequence, count = (jnp.stack(arrays, axis=1) for arrays in outputs)
    return conv, sequence, count[:, 0]


@jit_forward
def temporal_steps(
    network: Network, features: Float[Array, "b t c"], count: Int[Array, " b"]
) -> TemporalSteps:
    """The main path's temporal convolutions, and what their classifier says; `count` steps count.

    A step sees features of its own clip only, so those past the clip's end need not be zero.
    """
    path = network.model().paths["main"]
    steps = path.temporal_steps(features, jnp.full(len(features), features.shape[1]), train=False)
    logits = path.conv_classifier(steps)
    outputs = TemporalSteps(steps, logits, jax.nn.softmax(logits)[..., BLANK_CLASS])
    return TemporalSteps(*(mask_time(x, count) for x in outputs))


def step_logits(
    network: Network, steps: Float[ArrayLike, "b steps hidden"], count: Int[ArrayLike, " b"]
) -> ClipLogits:
    """Logits of both heads, from what the BiLSTM reads; `count` steps of each clip count."""
    conv, sequence = conv_logits(network, steps, count), sequence_logits(network, steps, count)[0]
    return ClipLogits(conv, sequence, jnp.asarray(count))


@jit_forward
def conv_logits(
    network: Network, steps: Float[Array, "b steps hidden"], count: Int[Array, " b"]
) -> Float[Array, "b steps classes"]:
    """The convolutions' logits; `count` steps of each clip count."""
    return mask_time(network.model().paths["main"].conv_classifier(steps), count)


@jit_forward
def sequence_logits(
    network: Network, steps: Float[Array, "b steps hidden"], count: Int[Array, " b"]
) -> tuple[Float[Array, "b steps classes"], Float[Array, "b steps hidden"]]:
    """The BiLSTM's logits, and its outputs; `count` steps of each clip count."""
    path = network.model().paths["main"]
    outputs = path.bilstm(steps, count, None)
    return mask_time(path.classifier(outputs), count), outputs


def pipelined(results: Iterable[Any]) -> Iterator[Any]:
    """Each result once the next one is under way, so that the device never waits for the host."""
    for result, _ in itertools.pairwise(itertools.chain(results, [None])):
        yield result
