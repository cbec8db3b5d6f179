"""Stored frames to logits, as one jitted program per shape; whole splits to glosses."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.batching import ClipBatch
from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize
from sfsign_jax.decoding import beam_search
from sfsign_jax.models.sign_model import ModelConfig, Padding, model_with


class ClipLogits(NamedTuple):
    conv_logits: Float[Array, "b steps classes"]
    sequence_logits: Float[Array, "b steps classes"]
    num_steps: Int[Array, " b"]  # each clip's own; in masked padding logits past it are 0


@functools.partial(jax.jit, static_argnames=("config", "preprocessing", "padding", "dtype"))
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
    model = model_with(config, state)
    corner = jnp.broadcast_to(jnp.array(preprocessing.centre), (len(frames), 2))
    flip = jnp.zeros(len(frames), bool)
    crops = crop_flip_normalize(frames, corner, flip, preprocessing.crop_size, jnp.dtype(dtype))
    outputs = model(crops, num_frames, padding=padding)
    return ClipLogits(*outputs.paths["main"], outputs.num_steps)


class SplitPredictions(NamedTuple):
    """Clip id -> glosses, of the references and of both heads."""

    references: dict[str, list[str]]
    sequence: dict[str, list[str]]
    conv: dict[str, list[str]]


def predict_split(
    state: nnx.State,
    batches: Iterable[ClipBatch],
    vocabulary: Sequence[str],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
    padding: Padding = "masked",
) -> SplitPredictions:
    """Beam search over both heads' logits of every clip."""
    predictions = SplitPredictions({}, {}, {})
    for batch in batches:
        logits = clip_logits(
            state,
            batch.frames,
            batch.num_frames,
            config=config,
            preprocessing=preprocessing,
            padding=padding,
        )
        for head, glosses in (
            (logits.sequence_logits, predictions.sequence),
            (logits.conv_logits, predictions.conv),
        ):
            best = best_glosses(head, logits.num_steps, vocabulary)
            glosses |= {clip.id: g for clip, g in zip(batch.clips, best, strict=False)}
        predictions.references.update({clip.id: list(clip.glosses) for clip in batch.clips})
    return predictions


def best_glosses(
    logits: Float[Array, "b steps classes"], num_steps: Int[Array, " b"], vocabulary: Sequence[str]
) -> Iterator[list[str]]:
    """The best beam of each clip."""
    tokens, lengths, _ = beam_search(jax.nn.log_softmax(logits), num_steps)
    for row, length in zip(np.asarray(tokens[:, 0]), np.asarray(lengths[:, 0]), strict=True):
        yield [vocabulary[token - 1] for token in row[:length]]
