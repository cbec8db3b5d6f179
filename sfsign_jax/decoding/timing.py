"""How early or late a network says its signs, from when it says those of whole clips.

No true places are needed: signs follow each other at a pace, and clips begin as long before their
first sign as they end after their last one. What a gloss strays from this on average is its own.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

IN_TIME = 0.125  # of the pace: what heads that keep time may stray from each other
EXPECTED = 0.5  # of the pace: signs further from where they are expected tell of something else
DOUBT = 4.0  # so many times a gloss must be seen until half of what it strays is taken for its own


@dataclasses.dataclass(frozen=True)
class Timing:
    """How the steps of a network stand to the signs, in frames.

    A lag is from the middle of a sign to where a head says it: below 0 where it is early.

    Raises:
        ValueError: no network can be so.
    """

    conv_lag: float
    sequence_lag: float | None  # None where the BiLSTM does not keep time with the convolutions
    pace: float  # from the middle of a sign to that of the next
    # What is to be added for each gloss of the vocabulary; empty where nobody has measured it.
    gloss_lags: tuple[float, ...] = ()
    # From where a clip begins to the middle of its first sign, and from that of its last one to
    # where it ends; None where nobody has measured it.
    margin: float | None = None

    def __post_init__(self) -> None:
        lags = (self.conv_lag, self.sequence_lag or 0.0, *self.gloss_lags)
        if not (all(map(math.isfinite, lags)) and 0 < self.pace < math.inf):
            raise ValueError(f"lags of {lags} frames and a pace of {self.pace} frames")
        if not 0 <= (self.margin or 0.0) < math.inf:
            raise ValueError(f"a margin of {self.margin} frames")


# Where nobody has measured it; PHOENIX has a sign in 12 frames.
UNKNOWN_TIMING = Timing(conv_lag=0.0, sequence_lag=None, pace=12.0)


class SaidGlosses(NamedTuple):
    """What a network says in a clip."""

    tokens: Int[np.ndarray, " u"]  # 1, 2, …
    by_conv: Float[np.ndarray, " u"]  # when each head says them, in frames
    by_sequence: Float[np.ndarray, " u"]
    num_frames: int


def measured_timing(clips: Sequence[SaidGlosses], num_glosses: int) -> Timing | None:
    """The timing of a network with so many glosses; None where no clip has two of them."""
    clips = [clip for clip in clips if len(clip.tokens)]
    paces = np.concatenate([[], *(np.diff(clip.by_conv) for clip in clips)])
    if not len(paces):
        return None
    pace = float(np.median(paces))
    num_frames = [clip.num_frames for clip in clips]
    by_conv, by_sequence = [clip.by_conv for clip in clips], [clip.by_sequence for clip in clips]
    conv_lag, sequence_lag = (measured_lag(said, num_frames) for said in (by_conv, by_sequence))
    middles = [times - conv_lag for times in by_conv]
    keeps_time = np.std(np.concatenate(by_sequence) - np.concatenate(by_conv)) < IN_TIME * pace
    if keeps_time:
        by_both = zip(middles, by_sequence, strict=True)
        middles = [(middle + times - sequence_lag) / 2 for middle, times in by_both]
    tokens = [clip.tokens for clip in clips]
    gloss_lags = measured_gloss_lags(tokens, middles, num_frames, num_glosses, pace)
    margin = measured_margin(by_conv, num_frames)
    return Timing(conv_lag, sequence_lag if keeps_time else None, pace, gloss_lags, margin)


def measured_lag(said: Iterable[Float[np.ndarray, " u"]], num_frames: Sequence[int]) -> float:
    """Of a head that says the signs of clips at these times.

    In the median, which clips don't move whose first or last sign was not recognised.
    """
    clips = zip(said, num_frames, strict=True)
    return float(np.median([off_centre(times, length) for times, length in clips]))


def off_centre(times: Float[np.ndarray, " u"], num_frames: int) -> float:
    """How much later than its middle the signs of a clip are."""
    return (times[0] + times[-1] - num_frames) / 2


def measured_margin(said: Iterable[Float[np.ndarray, " u"]], num_frames: Sequence[int]) -> float:
    """In the median; what the head that says the signs at these times lags makes no difference."""
    clips = zip(said, num_frames, strict=True)
    margins = [(times[0] + length - times[-1]) / 2 for times, length in clips]
    return max(0.0, float(np.median(margins)))


def measured_gloss_lags(
    tokens: Sequence[Int[np.ndarray, " u"]],
    middles: Sequence[Float[np.ndarray, " u"]],
    num_frames: Sequence[int],
    num_glosses: int,
    pace: float,
) -> tuple[float, ...]:
    """How much later than it should each gloss is said, by where clips seem to have their signs.

    A ridge regression: from one sign to the next it takes the pace, and what the second lags more
    than the first; off a clip's centre is the mean of what its first and its last sign lag.
    Glosses that are not seen have 0.
    """
    one = np.eye(num_glosses)
    rows, strays = [], []
    for clip, times, length in zip(tokens, middles, num_frames, strict=True):
        lags = one[clip - 1]
        rows += [*np.diff(lags, axis=0), (lags[0] + lags[-1]) / 2]
        strays += [*(np.diff(times) - pace), off_centre(times, length)]
    usual = np.abs(strays) < EXPECTED * pace
    shares, lag = np.array(rows)[usual], np.array(strays)[usual]
    fitted = np.linalg.solve(shares.T @ shares + DOUBT * one, shares.T @ lag)
    return tuple(fitted.round(2).tolist())
