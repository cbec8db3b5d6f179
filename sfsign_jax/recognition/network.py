"""Stored frames to logits, as one jitted program per shape; whole splits to glosses."""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.batching import ClipBatch
from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize
from sfsign_jax.decoding import beam_search
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import ModelOutputs, Padding, model_with
from sfsign_jax.runtime.compilation import jit_forward
from sfsign_jax.runtime.mesh import constrain_replicated, shard_batch, use_mesh

BeamSearchResult = tuple[
    Int[Array, "b k u"], Int[Array, "b k"], Float[Array, "b k"]
]  # of beam_search


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


class SplitPredictions(NamedTuple):
    """Clip id -> glosses, of the references and of both heads; clip id -> signer."""

    references: dict[str, list[str]]
    sequence: dict[str, list[str]]
    conv: dict[str, list[str]]
    signers: dict[str, str]


def predict_split(
    network: Callable[..., ClipLogits],
    batches: Iterable[ClipBatch],
    vocabulary: Sequence[str],
    mesh: Mesh,
) -> SplitPredictions:
    """Beam search over both heads' logits of every clip; `network` takes inputs and lengths.

    All processes get all predictions.

    Raises:
        UserError: the logits of a clip are not finite.
    """

    def search(batch: ClipBatch) -> tuple[ClipBatch, list[BeamSearchResult]]:
        with use_mesh(mesh):
            beams = search_heads(network(*shard_batch((batch.inputs, batch.num_frames), mesh)))
        return batch._replace(inputs=batch.inputs[:0]), beams

    predictions = SplitPredictions({}, {}, {}, {})
    for batch, heads in pipelined(map(search, batches)):
        for beams, glosses in zip(heads, (predictions.sequence, predictions.conv), strict=True):
            glosses.update(best_glosses(beams, batch.ids, vocabulary))
        predictions.references.update(zip(batch.ids, map(list, batch.glosses), strict=True))
        predictions.signers.update(zip(batch.ids, batch.signers, strict=True))
    return predictions


def pipelined(results: Iterable[Any]) -> Iterator[Any]:
    """Each result once the next one is under way, so that the device never waits for the host."""
    for result, _ in itertools.pairwise(itertools.chain(results, [None])):
        yield result


@jax.jit
def search_heads(logits: ClipLogits) -> list[BeamSearchResult]:
    """Beams of the BiLSTM's and of the convolutions' logits."""
    heads = (logits.sequence_logits, logits.conv_logits)
    beams = [beam_search(jax.nn.log_softmax(head), logits.num_steps) for head in heads]
    return constrain_replicated(beams)


def best_glosses(
    beams: BeamSearchResult, ids: Sequence[str], vocabulary: Sequence[str]
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
