"""What is signed in the clips of a whole split, by both heads of the network."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int

from sfsign_jax.data.batching import EvaluationBatch
from sfsign_jax.decoding import beam_search
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.network import ClipLogits, pipelined
from sfsign_jax.runtime.mesh import constrain_replicated, shard_batch, use_mesh

# Tokens, lengths and scores, as beam_search returns them.
BeamSearchResult = tuple[Int[Array, "b k u"], Int[Array, "b k"], Float[Array, "b k"]]


class SplitPredictions(NamedTuple):
    """Clip id -> glosses, of the references and of both heads; clip id -> signer."""

    references: dict[str, list[str]]
    sequence: dict[str, list[str]]
    conv: dict[str, list[str]]
    signers: dict[str, str]


def predict_split(
    logits_of: Callable[..., ClipLogits],
    batches: Iterable[EvaluationBatch],
    vocabulary: Sequence[str],
    mesh: Mesh,
) -> SplitPredictions:
    """Beam search over both heads' logits of every clip. `logits_of` takes inputs and lengths.

    All processes get all predictions.

    Raises:
        UserError: the logits of a clip are not finite.
    """

    def search(batch: EvaluationBatch) -> tuple[EvaluationBatch, list[BeamSearchResult]]:
        with use_mesh(mesh):
            logits = logits_of(*shard_batch((batch.inputs, batch.num_frames), mesh))
            beams = search_heads(logits)
        return batch._replace(inputs=batch.inputs[:0]), beams

    predictions = SplitPredictions({}, {}, {}, {})
    for batch, heads in pipelined(map(search, batches)):
        for beams, glosses in zip(heads, (predictions.sequence, predictions.conv), strict=True):
            glosses.update(best_glosses(beams, batch.ids, vocabulary))
        predictions.references.update(zip(batch.ids, map(list, batch.glosses), strict=True))
        predictions.signers.update(zip(batch.ids, batch.signers, strict=True))
    return predictions


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
    check_finite(ids, scores)
    for name, row, length in zip(ids, tokens, lengths, strict=True):
        yield name, [vocabulary[token - 1] for token in row[:length]]


def check_finite(ids: Sequence[str], scores: Float[np.ndarray, " b"]) -> None:
    """Raises UserError where the score of a clip's best beam is not finite."""
    for name, score in zip(ids, scores, strict=True):
        if not np.isfinite(score):
            raise UserError(
                f"the network's outputs for clip {name} are not finite: is the checkpoint whole?"
            )
