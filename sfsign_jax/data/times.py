"""When frames are shown: which stored times are believed, and what a steady rate makes of them."""

import statistics
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sfsign_jax.data.remarks import remark
from sfsign_jax.errors import UserError

EARLY = 0.3  # of a frame: stored times are rounded, so not 0; where rates divide, a tie at ½
USUAL_RATE = 25.0  # PHOENIX's
LOWEST_RATE, HIGHEST_RATE = 0.1, 1000.0  # that frames can be shown at
HIGHEST_CLAIM = 120.0  # a browser's recording may claim a thousand frames a second
SHORTEST, LONGEST = 0.9e-3, 10.0  # seconds between frames; FFmpeg too takes more for a jump
REMEMBERED = 25  # intervals that the usual one is the median of

Timed = tuple[Any, float | None]  # a frame and its time in seconds, None where nobody knows


def plausible_rate(rate: float) -> float | None:
    """The frame rate that a file claims, where it may be one."""
    return rate if LOWEST_RATE <= rate <= HIGHEST_CLAIM else None


def check_rate(rate: float) -> None:
    """Raises UserError where nothing can be shown at that rate."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(
            f"{rate:g} frames a second is no frame rate: give one from {LOWEST_RATE:g} to "
            f"{HIGHEST_RATE:g} (--frame_rate, or frame_rate in the checkpoint's model.json)"
        )


def believed_times(frames: Iterable[Timed], usual: float, path: Path) -> Iterator[Timed]:
    """The frames of a file with times that go on and don't jump.

    In the place of an interval that no camera makes comes the usual one: `usual` seconds at first,
    later the median of those before. That is said once.
    """
    recent = deque([usual], REMEMBERED)
    previous, shift, replaced = None, 0.0, 0
    for frame, time in frames:
        if time is not None:
            time += shift
            if previous is not None:
                interval = time - previous
                if SHORTEST <= interval <= LONGEST:
                    recent.append(interval)
                else:
                    replaced += 1
                    believed = previous + statistics.median(recent)
                    time, shift = believed, shift + believed - time
            previous = time
        yield frame, time
    if replaced:
        remark(
            f"{path} has frames whose times go back, stand still or jump: {replaced} of them are "
            "taken to follow the frame before as the others do"
        )


def at_rate(frames: Iterable[Timed], rate: float) -> Iterator[Any]:
    """What is shown at (k + EARLY) / rate seconds after the first frame, for k = 0, 1, …"""
    shown, start, now, interval, count = None, 0.0, 0.0, 1 / rate, 0
    for frame, time in frames:
        if shown is None:
            start = time or 0.0
        else:
            interval = interval if time is None else time - start - now
            now += interval
        while shown is not None and count + EARLY < now * rate:
            yield shown
            count += 1
        shown = frame
    while shown is not None and count + EARLY < (now + interval) * rate:
        yield shown
        count += 1


def clock(milliseconds: float, mark: str = ".") -> str:
    """00:01:02.345, as ELAN and WebVTT have it; SubRip's mark is a comma."""
    minutes, rest = divmod(round(milliseconds), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
