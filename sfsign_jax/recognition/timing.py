"""How early a network says its signs, measured on clips whose glosses need not be known."""

from collections.abc import Callable, Iterable, Sequence

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int

from sfsign_jax.data.batching import EvaluationBatch
from sfsign_jax.decoding import SaidGlosses, Timing, beam_search, measured_timing, said_at
from sfsign_jax.recognition.network import Network, phase_logits, pipelined
from sfsign_jax.recognition.split import check_finite
from sfsign_jax.runtime.mesh import constrain_replicated, shard_batch, use_mesh

FeaturesOf = Callable[..., Float[Array, "b t c"]]  # network, inputs, num_frames
TIMED_CLIPS = 256  # of fewer, too few have the same gloss


def timed_clips(order: Sequence[int]) -> Sequence[int]:
    """Of a split's clips in this order TIMED_CLIPS at most, from all over it: to measure by."""
    return order[:: -(-len(order) // TIMED_CLIPS)]


def measure_timing(
    network: Network, features_of: FeaturesOf, batches: Iterable[EvaluationBatch], mesh: Mesh
) -> Timing | None:
    """By what is recognised in the clips; None where no clip has glosses to measure it by.

    All processes get the same.

    Raises:
        UserError: the logits of a clip are not finite.
    """

    def measure(batch: EvaluationBatch) -> tuple[tuple[str, ...], tuple[Array, ...]]:
        with use_mesh(mesh):
            inputs, num_frames = shard_batch((batch.inputs, batch.num_frames), mesh)
            features = features_of(network, inputs, num_frames)
            logits = phase_logits(network, features, num_frames)
            return batch.ids, said_in_clips(*logits, num_frames)

    clips: list[SaidGlosses] = []
    for ids, results in pipelined(map(measure, batches)):
        rows = [np.asarray(x)[: len(ids)] for x in results]
        check_finite(ids, rows[-1])
        for tokens, by_conv, by_sequence, length, num_frames, _ in zip(*rows, strict=True):
            said = SaidGlosses(tokens[:length], by_conv[:length], by_sequence[:length], num_frames)
            clips.append(said)
    return measured_timing(clips, network.config.num_classes - 1)


@jax.jit
def said_in_clips(
    conv_logits: Float[Array, "b phases steps classes"],
    sequence_logits: Float[Array, "b phases steps classes"],
    num_steps: Int[Array, " b"],
    num_frames: Int[Array, " b"],
) -> tuple[Array, ...]:
    """The tokens of the BiLSTM's best beam and when each head says them (b, u), how many there are
    (b,), the clips' lengths (b,), and the beam's score (b,)."""
    conv, sequence = map(jax.nn.log_softmax, (conv_logits, sequence_logits))
    tokens, lengths, scores = (x[:, 0] for x in beam_search(sequence[:, 0], num_steps))
    by_conv, by_sequence = (
        jax.vmap(said_at)(head, num_steps, tokens, lengths)[0] for head in (conv, sequence)
    )
    return constrain_replicated((tokens, by_conv, by_sequence, lengths, num_frames, scores))
