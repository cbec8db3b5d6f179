"""What is signed in a clip: from logits to glosses with their places in time."""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from sfsign_jax.decoding import align_tokens, beam_search
from sfsign_jax.errors import UserError

Steps = TypeVar("Steps", np.ndarray, Array)  # the number of a step for each gloss


class Alternative(NamedTuple):
    glosses: tuple[str, ...]
    log_probability: float


class Recognition(NamedTuple):
    """What is signed in a clip, or in a sentence of a video."""

    glosses: tuple[str, ...]
    tokens: tuple[int, ...]  # the class of each gloss
    spans: tuple[tuple[int, int], ...]  # first and last frame of each gloss
    confidences: tuple[float, ...]  # the highest probability of each gloss within its span
    frames: tuple[int, int]  # first and last frame of the clip or sentence
    log_probability: float  # of the glosses, given the clip
    alternatives: tuple[Alternative, ...]  # the next best, best first
    posteriors: Float[np.ndarray, "steps classes"]  # probability of blank and of each gloss


def recognition_of(
    logits: Float[Array, "1 bucket classes"],
    num_steps: int,
    vocabulary: tuple[str, ...],
    *,
    stride: int,
    frames: tuple[int, int],
) -> Recognition:
    """By beam search; each gloss is where the best alignment puts it.

    A step stands for `stride` frames, the first step of the clip for those from frames[0] on.

    Raises:
        UserError: the logits are not finite.
    """
    steps = jnp.array([num_steps])
    likely = jax.nn.log_softmax(logits)
    # Cut on the host: on the device each cut would be a program of its own to compile.
    log_probs, tokens, lengths, scores = (
        np.asarray(x)[0] for x in (likely, *beam_search(likely, steps))
    )
    if not np.isfinite(scores[0]):
        raise UserError("the network's outputs are not finite: is the checkpoint whole?")
    best = tokens[0, : lengths[0]]
    first, last = (
        np.asarray(x)[: lengths[0]]
        for x in align_tokens(log_probs, np.int32(num_steps), tokens[0], lengths[0])
    )
    posteriors = np.exp(log_probs[:num_steps])
    starts, ends = frames_of_steps(first, last, stride=stride, frames=frames)
    named = [
        Alternative(tuple(vocabulary[token - 1] for token in row[:length]), float(score))
        for row, length, score in zip(tokens, lengths, scores, strict=True)
        if np.isfinite(score)
    ]
    return Recognition(
        glosses=named[0].glosses,
        tokens=tuple(best.tolist()),
        spans=tuple(zip(starts.tolist(), ends.tolist(), strict=True)),
        confidences=tuple(
            float(posteriors[a : b + 1, token].max())
            for token, a, b in zip(best, first, last, strict=True)
        ),
        frames=frames,
        log_probability=named[0].log_probability,
        alternatives=tuple(named[1:]),
        posteriors=posteriors,
    )


def frames_of_steps(
    first: Steps, last: Steps, *, stride: int, frames: tuple[int, int | Array]
) -> tuple[Steps, Steps]:
    """First and last frame of glosses from their steps, within the clip's first and last one."""
    return frames[0] + first * stride, (frames[0] + (last + 1) * stride - 1).clip(max=frames[1])
