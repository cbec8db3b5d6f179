"""Where the sentences of a video are: between pauses, in which no gloss is seen."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Steps(NamedTuple):
    """What the BiLSTM reads, and the temporal convolutions' probability of blank."""

    inputs: Float[np.ndarray, "steps hidden"]
    blank: Float[np.ndarray, " steps"]


class Cut(NamedTuple):
    """When signing pauses: for `pause` steps or more the probability of blank is over `blank`."""

    pause: int
    blank: float


def sentences(parts: Iterable[Steps], cut: Cut) -> Iterator[tuple[int, Float[np.ndarray, "n h"]]]:
    """First step and steps of each sentence, as soon as it is known where it ends.

    The same whatever parts the steps come in.
    """
    waiting, start = None, 0
    for part in parts:
        if waiting is not None:
            part = Steps(*map(np.concatenate, zip(waiting, part, strict=True)))
        waiting = part
        found = find_sentences(waiting.blank, cut)
        seen = len(waiting.blank)
        done = [stop for _, stop in found[:-1]]
        if found and signing(waiting.blank, cut)[-1] + 1 + 2 * cut.pause <= seen:
            done = [stop for _, stop in found]
        for (first, _), stop in zip(found, done, strict=False):
            yield start + first, waiting.inputs[first:stop]
        # What came before the next sentence may be forgotten but for the pause it may begin with.
        passed = done[-1] if done else 0 if found else max(0, seen - cut.pause)
        waiting, start = Steps(*(x[passed:] for x in waiting)), start + passed
    if waiting is not None:
        for first, stop in find_sentences(waiting.blank, cut):
            yield start + first, waiting.inputs[first:stop]


def find_sentences(blank: Float[np.ndarray, " steps"], cut: Cut) -> list[tuple[int, int]]:
    """First step and the one after the last of each sentence.

    A sentence reaches into the pauses around it: as far as a pause must be long, and no further
    than to the middle of a pause that it shares.
    """
    steps = signing(blank, cut)
    if not len(steps):
        return []
    pauses = np.flatnonzero(np.diff(steps) > cut.pause)
    first, end = steps[np.r_[0, pauses + 1]], steps[np.r_[pauses, -1]] + 1
    middle = (end[:-1] + first[1:]) // 2
    starts = np.maximum(first - cut.pause, np.r_[0, middle])
    stops = np.minimum(end + cut.pause, np.r_[middle, len(blank)])
    return [*zip(starts.tolist(), stops.tolist(), strict=True)]


def signing(blank: Float[np.ndarray, " steps"], cut: Cut) -> np.ndarray:
    """The steps at which a gloss is seen."""
    return np.flatnonzero(blank <= cut.blank)
