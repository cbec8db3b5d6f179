"""Where the sentences of a video are: between pauses, in which no gloss is seen."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from sfsign_jax.decoding.places import FAR

PAUSE_FRAMES = 25


def usual_pause(pace: float) -> float:
    """How long no gloss is seen between two sentences, in frames, where signs follow one another at
    this pace (see `Timing`): long signs have as long ways between them."""
    return max(PAUSE_FRAMES, FAR * pace)


class StepChunk(NamedTuple):
    """Some steps of a video: what the BiLSTM reads, and the convolutions' probability of blank."""

    inputs: Float[np.ndarray, "steps phases hidden"]
    blank: Float[np.ndarray, " steps"]


class PauseRule(NamedTuple):
    """When signing pauses: for `pause_steps` or more the probability of blank is over `blank`.

    Of the pauses around it a sentence keeps `margin_steps`, as many as training clips have: what
    the BiLSTM makes of more or fewer it has not learned.
    """

    pause_steps: int  # 2 or more
    blank: float
    margin_steps: int  # at most half a pause: no two sentences have a step in common


def sentences(
    parts: Iterable[StepChunk], rule: PauseRule
) -> Iterator[tuple[int, Float[np.ndarray, "n phases h"]]]:
    """First step and steps of each sentence, as soon as it is known where it ends.

    The same whatever parts the steps come in.
    """
    waiting, start = None, 0
    for part in parts:
        if waiting is not None:
            part = StepChunk(*map(np.concatenate, zip(waiting, part, strict=True)))
        found = find_sentences(part.blank, rule)
        ended = [(first, stop) for first, stop in found if stop < len(part.blank)]
        for first, stop in ended:
            yield start + first, part.inputs[first:stop]
        passed = passed_steps(part.blank, ended, rule)
        waiting, start = StepChunk(*(x[passed:] for x in part)), start + passed
    if waiting is not None:
        for first, stop in find_sentences(waiting.blank, rule):
            yield start + first, waiting.inputs[first:stop]


def passed_steps(
    blank: Float[np.ndarray, " steps"], ended: list[tuple[int, int]], rule: PauseRule
) -> int:
    """How many steps no sentence that is still to come can reach.

    The pause that has begun has to be seen whole, or the next sentence would reach into it.
    """
    passed = ended[-1][1] - rule.margin_steps if ended else 0
    if np.any(blank[passed:] <= rule.blank):
        return passed
    return max(passed, len(blank) - rule.pause_steps)


def find_sentences(blank: Float[np.ndarray, " steps"], rule: PauseRule) -> list[tuple[int, int]]:
    """First step and the one after the last of each sentence.

    What comes before the first gloss and after the last one belongs to them unless it is a pause.
    """
    signing = np.flatnonzero(blank <= rule.blank)
    if not len(signing):
        return []
    pauses = np.flatnonzero(np.diff(signing) > rule.pause_steps)
    starts, stops = signing[np.r_[0, pauses + 1]], signing[np.r_[pauses, -1]] + 1
    starts = np.where(starts >= rule.pause_steps, starts - rule.margin_steps, 0)
    in_pause = stops + rule.pause_steps <= len(blank)
    stops = np.where(in_pause, stops + rule.margin_steps, len(blank))
    return [*zip(starts.tolist(), stops.tolist(), strict=True)]
