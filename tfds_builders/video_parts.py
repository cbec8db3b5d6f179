"""Parts of a video, all of them read at once: annotated recordings are long."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2

from sfsign_jax.data.frames import Frame
from sfsign_jax.data.times import clock
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError

ROUNDED = 0.0005  # seconds: times are whole milliseconds, and those of frames rarely are
BEYOND = 0.5  # seconds that a part may last longer than its video, as sound often does

Part = tuple[int, list[bytes], str]  # which, its frames as they are stored, why there are none


def parts_of(
    path: Path, spans: Sequence[tuple[float, float]], encode: Callable[[Frame], bytes], pixels: int
) -> Iterator[Part]:
    """The frames whose time lies in each span [from, to) of seconds, in the order of their ends.

    The video is shown at its own rate, so that frame i is at i / rate seconds. A part that is
    damaged, has no frame or ends later than the video has none; frames of more than `pixels` are
    refused.
    """
    waiting = sorted(range(len(spans)), key=lambda i: spans[i])
    begun: dict[int, list[bytes]] = {}
    number, rate, reason = 0, 0.0, ""
    try:
        opened = open_video(path, None, pixels)
        rate = opened.rate or 0.0
        for number, frame in enumerate(opened.frames, start=1):  # frames read so far
            while waiting and first_frame(spans[waiting[0]][0], rate) < number:
                begun[waiting.pop(0)] = []
            if begun:
                encoded = encode(frame)
            for i in list(begun):
                end = first_frame(spans[i][1], rate)
                if end >= number:
                    begun[i].append(encoded)
                if end <= number:
                    frames = begun.pop(i)
                    yield i, frames, "" if frames else f"{path} has no frame {shown(spans[i])}"
            if not (begun or waiting):
                return
    except (UserError, OSError, cv2.error) as error:
        reason = str(error)
    for i in (*begun, *waiting):
        frames, seconds = begun.get(i, []), number / (rate or 1)
        if not reason and frames and spans[i][1] <= seconds + BEYOND:
            yield i, frames, ""
        else:
            ends = f"{path} ends at {clock(1000 * seconds)}"
            too_late = f"{ends}, and the clip is {shown(spans[i])}: correct the annotation's times"
            yield i, [], reason or too_late


def first_frame(seconds: float, rate: float) -> int:
    """The number of the first frame that is not before a time."""
    return math.ceil((seconds - ROUNDED) * rate)


def shown(span: tuple[float, float]) -> str:
    return f"from {clock(1000 * span[0])} to {clock(1000 * span[1])}"
