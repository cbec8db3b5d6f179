"""What is signed in a clip: from logits to glosses with their places in time."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sfsign_jax.data.batching import bucket_of
from sfsign_jax.decoding import Timing, beam_search, place_glosses, steps_needed
from sfsign_jax.errors import UserError
from sfsign_jax.losses import ctc_loss
from sfsign_jax.recognition.network import ClipLogits

HeadLogProbs = Float[np.ndarray, "phases bucket classes"]

TOKENS_MULTIPLE = 16
# Of log-probability that each gloss may cost against what is recognised. On the demo's corpus nine
# in ten sentences of other clips cost more, and one in ten of the clip's own.
DOUBTFUL = 3.0


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
    lag: float = 0.0  # of the posteriors behind the signs, in frames, where it is known (`Timing`)

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        # Not for those who never see it: a command starts without a template engine.
        from sfsign_jax.recognition.notebook import recognition_html

        return recognition_html(self)


def recognition_of(
    logits: ClipLogits,
    vocabulary: tuple[str, ...],
    *,
    timing: Timing,
    frames: tuple[int, int],
    video_frames: int,
    free: int = 0,
) -> Recognition:
    """By beam search over the BiLSTM's first phase; see `decoding.places` for the glosses' places.

    `logits` are of one clip, its phases in the place of several clips: the first step of phase p
    begins with frame frames[0] + p, and there are as many phases as a step has frames. Signs may be
    made before or after `frames`, in which they are said, but within the `video_frames` of the
    video, and from frame `free` on: before it is another sentence.

    Raises:
        UserError: the logits are not finite.
    """
    heads = log_probs_of(logits)
    num_steps = int(logits.num_steps[0])
    tokens, lengths, scores = (
        np.asarray(x)[0] for x in beam_search(jnp.array(heads[1][:1]), jnp.array([num_steps]))
    )
    if not np.isfinite(scores[0]):
        raise UserError("the network's outputs are not finite: is the checkpoint whole?")
    best = tokens[0, : lengths[0]]
    video = (frames[0], video_frames)
    spans, confidences = places(heads, num_steps, tokens[0], lengths[0], timing, video, free)
    named = [
        Alternative(tuple(vocabulary[token - 1] for token in row[:length]), float(score))
        for row, length, score in zip(tokens, lengths, scores, strict=True)
        if np.isfinite(score)
    ]
    return Recognition(
        glosses=named[0].glosses,
        tokens=tuple(best.tolist()),
        spans=spans,
        confidences=confidences,
        frames=frames,
        log_probability=named[0].log_probability,
        alternatives=tuple(named[1:]),
        posteriors=np.exp(heads[1][0, :num_steps]),
        lag=timing.sequence_lag or 0.0,
    )


def alignment_of(
    logits: ClipLogits,
    glosses: Sequence[str],
    vocabulary: tuple[str, ...],
    *,
    timing: Timing,
    frames: tuple[int, int],
    video_frames: int,
) -> Recognition:
    """Glosses that are known at their places, with the best beam of all as their alternative.

    The logits are as for `recognition_of`.

    Raises:
        UserError: the logits are not finite, a gloss is not in the vocabulary, or there are more
            than the steps can hold.
    """
    num_steps = int(logits.num_steps[0])
    known = fitting_tokens(glosses, vocabulary, num_steps)
    best = recognition_of(
        logits, vocabulary, timing=timing, frames=frames, video_frames=video_frames
    )
    tokens, lengths = token_rows([known])
    heads = log_probs_of(logits)
    video = (frames[0], video_frames)
    spans, confidences = places(heads, num_steps, tokens[0], lengths[0], timing, video)
    loss = ctc_loss(*map(jnp.asarray, (heads[1][:1], [num_steps], tokens, lengths)))
    return best._replace(
        glosses=tuple(glosses),
        tokens=known,
        spans=spans,
        confidences=confidences,
        log_probability=-float(loss[0]),
        alternatives=(Alternative(best.glosses, best.log_probability),),
    )


def log_probs_of(logits: ClipLogits) -> tuple[HeadLogProbs, HeadLogProbs]:
    """Of the convolutions and of the BiLSTM.

    On the host, where they are cut: on the device each cut would be a program to compile.
    """
    heads = (logits.conv_logits, logits.sequence_logits)
    conv, sequence = (np.asarray(jax.nn.log_softmax(head)) for head in heads)
    return conv, sequence


def fitting_tokens(
    glosses: Sequence[str], vocabulary: tuple[str, ...], num_steps: int
) -> tuple[int, ...]:
    """The class of each gloss.

    Raises:
        UserError: as for `tokens_of`, or there are more than the steps can hold.
    """
    known = tokens_of(glosses, vocabulary)
    if (needed := steps_needed(glosses)) > num_steps:
        raise UserError(f"{len(known)} glosses need {needed} steps, and the video has {num_steps}")
    return known


def token_rows(
    known: Sequence[tuple[int, ...]],
) -> tuple[Int[np.ndarray, "b u"], Int[np.ndarray, " b"]]:
    """The classes of each clip's glosses, filled up so that few lengths are compiled, and their
    numbers."""
    lengths = np.array([len(tokens) for tokens in known], np.int32)
    rows = np.zeros((len(known), bucket_of(max(lengths), [TOKENS_MULTIPLE])), np.int32)
    for row, tokens in zip(rows, known, strict=True):
        row[: len(tokens)] = tokens
    return rows, lengths


def tokens_of(glosses: Sequence[str], vocabulary: tuple[str, ...]) -> tuple[int, ...]:
    """The class of each gloss.

    Raises:
        UserError: there is none, or one that is not in the vocabulary.
    """
    if not glosses:
        raise UserError("there are no glosses to align")
    class_of = {gloss: number for number, gloss in enumerate(vocabulary, 1)}
    if unknown := [gloss for gloss in glosses if gloss not in class_of]:
        raise UserError(
            f"this model knows no gloss {unknown[0]!r}, but {', '.join(vocabulary[:3])} and so on: "
            f"{len(vocabulary)} in all"
        )
    return tuple(class_of[gloss] for gloss in glosses)


def places(
    heads: tuple[HeadLogProbs, HeadLogProbs],
    num_steps: int,
    tokens: Int[np.ndarray, " u"],
    length: Int[np.ndarray, ""],
    timing: Timing,
    video: tuple[int, int],
    free: int = 0,
) -> tuple[tuple[tuple[int, int], ...], tuple[float, ...]]:
    """Spans and confidences of the first `length` tokens.

    `video` is the frame that the first step begins with, and how many frames there are.
    """
    start, num_frames = map(np.int32, video)
    spans, confidences = place_glosses(
        *heads,
        np.int32(num_steps),
        tokens,
        length,
        timing=timing,
        num_frames=num_frames,
        start=start,
        free=np.int32(free),
    )
    return (
        tuple((first, last) for first, last in np.asarray(spans)[:length].tolist()),
        tuple(np.asarray(confidences)[:length].tolist()),
    )
