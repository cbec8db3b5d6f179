"""Stored frames to logits or features, as one jitted program per shape."""

import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import ModelOutputs, Padding, model_with
from sfsign_jax.runtime.compilation import jit_forward


class ClipLogits(NamedTuple):
    conv_logits: Float[Array, "b steps classes"]
    sequence_logits: Float[Array, "b steps classes"]
    num_steps: Int[Array, " b"]  # each clip's own; in masked padding logits past it are 0


@functools.partial(jit_forward, static_argnames=("config", "preprocessing", "padding", "dtype"))
def clip_logits(
    state: nnx.State,
    frames: UInt8[Array, "b n height width 3"],
    num_frames: Int[Array, " b"],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
    padding: Padding = "masked",
    dtype: str = "float32",
) -> ClipLogits:
    """Test transform, padding and the main path of the network."""
    crops = centre_crops(frames, preprocessing, dtype)
    return main_logits(model_with(config, state)(crops, num_frames, padding=padding))


def centre_crops(
    frames: UInt8[Array, "b n height width 3"], preprocessing: Preprocessing, dtype: str
) -> Float[Array, "b n h w 3"]:
    """The test transform."""
    corner = jnp.broadcast_to(jnp.array(preprocessing.centre), (len(frames), 2))
    flip = jnp.zeros(len(frames), bool)
    return crop_flip_normalize(frames, corner, flip, preprocessing.crop_size, jnp.dtype(dtype))


@functools.partial(jit_forward, static_argnames=("config", "preprocessing"))
def clip_features(
    state: nnx.State,
    frames: UInt8[Array, "b n height width 3"],
    num_frames: Int[Array, " b"],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
) -> tuple[Float[Array, "b t c"], Float[Array, "b steps hidden"]]:
    """Features of the padded frames, and the BiLSTM's outputs, in masked padding."""
    outputs = model_with(config, state)(centre_crops(frames, preprocessing, "float32"), num_frames)
    return outputs.features, outputs.paths["main"].step_features


@functools.partial(jit_forward, static_argnames=("config", "preprocessing"))
def frame_features(
    state: nnx.State,
    frames: UInt8[Array, "b n height width 3"],
    num_frames: Int[Array, " b"],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
) -> Float[Array, "b t c"]:
    """Features of the padded frames alone, in masked padding: the backbone's part of the work."""
    crops = centre_crops(frames, preprocessing, "float32")
    return model_with(config, state).frame_features(crops, num_frames)


@functools.partial(jit_forward, static_argnames=("config",))
def feature_logits(
    state: nnx.State,
    features: Float[Array, "b t c"],
    num_frames: Int[Array, " b"],
    *,
    config: ModelConfig,
) -> ClipLogits:
    """The main path from frame features on, in masked padding."""
    return main_logits(model_with(config, state).from_features(features, num_frames))


def main_logits(outputs: ModelOutputs) -> ClipLogits:
    main = outputs.paths["main"]
    return ClipLogits(main.conv_logits, main.sequence_logits, outputs.num_steps)


def pipelined(results: Iterable[Any]) -> Iterator[Any]:
    """Each result once the next one is under way, so that the device never waits for the host."""
    for result, _ in itertools.pairwise(itertools.chain(results, [None])):
        yield result
