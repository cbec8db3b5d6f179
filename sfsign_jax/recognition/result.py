"""What is signed in a clip: from logits to glosses with their places in time."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from sfsign_jax.decoding import Timing, beam_search, said_at, sign_spans
from sfsign_jax.errors import UserError


class Alternative(NamedTuple):
    glosses: tuple[str, ...]
    log_probability: float


class Recognition(NamedTuple):
    """What is signed in a clip, or in a sentence of a video."""

    glosses: tuple[str, ...]
    tokens: tuple[int, ...]  # the class of each gloss
    spans: tuple[tuple[int, int], ...]  # first and last frame of each gloss
    confidences: tuple[float, ...]  # the highest probability of each gloss where it is said
    frames: tuple[int, int]  # first and last frame of the clip or sentence
    log_probability: float  # of the glosses, given the clip
    alternatives: tuple[Alternative, ...]  # the next best, best first
    posteriors: Float[np.ndarray, "steps classes"]  # probability of blank and of each gloss
    lag: float = 0.0  # frames from the middle of a sign to where it is said (`Timing`)


def recognition_of(
    logits: Float[Array, "phases bucket classes"],
    num_steps: int,
    vocabulary: tuple[str, ...],
    *,
    timing: Timing,
    frames: tuple[int, int],
) -> Recognition:
    """By beam search over the first phase; see `decoding.places` for the places of glosses.

    The first step of phase p begins with frame frames[0] + p, and there are as many phases as a
    step has frames.

    Raises:
        UserError: the logits are not finite.
    """
    # Cut on the host: on the device each cut would be a program of its own to compile.
    likely = np.asarray(jax.nn.log_softmax(logits))
    tokens, lengths, scores = (
        np.asarray(x)[0] for x in beam_search(jnp.array(likely[:1]), jnp.array([num_steps]))
    )
    if not np.isfinite(scores[0]):
        raise UserError("the network's outputs are not finite: is the checkpoint whole?")
    best = tokens[0, : lengths[0]]
    said, confidences = said_at(likely, np.int32(num_steps), tokens[0], lengths[0])
    spans = sign_spans(
        said, lengths[0], timing.lag, timing.pace, np.int32(frames[1] - frames[0] + 1)
    )
    spans = frames[0] + np.asarray(spans)[: lengths[0]]
    named = [
        Alternative(tuple(vocabulary[token - 1] for token in row[:length]), float(score))
        for row, length, score in zip(tokens, lengths, scores, strict=True)
        if np.isfinite(score)
    ]
    return Recognition(
        glosses=named[0].glosses,
        tokens=tuple(best.tolist()),
        spans=tuple((first, last) for first, last in spans.tolist()),
        confidences=tuple(np.asarray(confidences)[: lengths[0]].tolist()),
        frames=frames,
        log_probability=named[0].log_probability,
        alternatives=tuple(named[1:]),
        posteriors=np.exp(likely[0, :num_steps]),
        lag=timing.lag,
    )
