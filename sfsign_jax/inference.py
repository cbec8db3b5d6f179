"""Stored frames to logits, as one jitted program per shape; whole splits to glosses."""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.evaluation_batches import ClipBatch
from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize
from sfsign_jax.decoding import beam_search
from sfsign_jax.errors import UserError
from sfsign_jax.models.sign_model import ModelConfig, Padding, model_with

Beams = tuple[Int[Array, "b k u"], Int[Array, "b k"], Float[Array, "b k"]]  # of beam_search


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
    """Clip id -> glosses, of the references and of both heads; clip id -> signer."""

    references: dict[str, list[str]]
    sequence: dict[str, list[str]]
    conv: dict[str, list[str]]
    signers: dict[str, str]


def predict_split(
    state: nnx.State,
    batches: Iterable[ClipBatch],
    vocabulary: Sequence[str],
    *,
    config: ModelConfig,
    preprocessing: Preprocessing,
    padding: Padding = "masked",
) -> SplitPredictions:
    """Beam search over both heads' logits of every clip.

    Raises:
        UserError: the logits of a clip are not finite.
    """

    def search(batch: ClipBatch) -> tuple[ClipBatch, list[Beams]]:
        logits = clip_logits(
            state,
            batch.frames,
            batch.num_frames,
            config=config,
            preprocessing=preprocessing,
            padding=padding,
        )
        return batch._replace(frames=batch.frames[:, :0]), search_heads(logits)

    predictions = SplitPredictions({}, {}, {}, {})
    # Each batch's result is fetched once the next one is under way: the device never waits.
    searched: Iterator[Any] = itertools.chain(map(search, batches), [None])
    for (batch, heads), _ in itertools.pairwise(searched):
        for beams, glosses in zip(heads, (predictions.sequence, predictions.conv), strict=True):
            glosses.update(best_glosses(beams, batch.ids, vocabulary))
        predictions.references.update(zip(batch.ids, map(list, batch.glosses), strict=True))
        predictions.signers.update(zip(batch.ids, batch.signers, strict=True))
    return predictions


@jax.jit
def search_heads(logits: ClipLogits) -> list[Beams]:
    """Beams of the BiLSTM's and of the convolutions' logits."""
    heads = (logits.sequence_logits, logits.conv_logits)
    return [beam_search(jax.nn.log_softmax(head), logits.num_steps) for head in heads]


def best_glosses(
    beams: Beams, ids: Sequence[str], vocabulary: Sequence[str]
) -> Iterator[tuple[str, list[str]]]:
    """Each clip's id and its best beam.

    Raises:
        UserError: a score is not finite.
    """
    tokens, lengths, scores = (np.asarray(values[: len(ids), 0]) for values in beams)
    for name, row, length, score in zip(ids, tokens, lengths, scores, strict=True):
        if not np.isfinite(score):
            raise UserError(
                f"the network's outputs for clip {name} are not finite: is the checkpoint whole?"
            )
        yield name, [vocabulary[token - 1] for token in row[:length]]
