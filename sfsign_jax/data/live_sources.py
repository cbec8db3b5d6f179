"""Frames that are not all there yet: of a camera, or of a file that is still being written."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2

from sfsign_jax.data.containers import opened, playing_stream
from sfsign_jax.data.display import as_rgb
from sfsign_jax.data.frames import Frame
from sfsign_jax.data.packets import check_decoded, decoded
from sfsign_jax.data.times import at_rate, believed_times, check_rate
from sfsign_jax.errors import UserError

BACKLOG = 50  # frames that wait for a recogniser slower than the camera; more are dropped
LOOK = 0.05  # seconds between two looks for more


def camera_frames(camera: int | str, rate: float) -> Iterator[Frame]:
    """What a camera sees from now on, `rate` frames a second.

    Raises:
        UserError: there is no such camera, or nothing can be shown at that rate.
    """
    check_rate(rate)
    capture = cv2.VideoCapture(camera)
    if not capture.isOpened():
        raise UserError(
            f"camera {camera} can't be opened: is it there, and may this program use it?"
        )
    waiting: queue.Queue = queue.Queue(BACKLOG)

    def read() -> None:
        while (taken := capture.read())[0]:
            with contextlib.suppress(queue.Full):
                waiting.put_nowait((taken[1], time.monotonic()))
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    for frame in at_rate(iter(waiting.get, None), rate):
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def followed_frames(path: Path, rate: float, idle: float) -> Iterator[Frame]:
    """The frames of a growing video file; it ends when it has not grown for `idle` seconds.

    Raises:
        UserError: it is not there, or no video that can be read from its beginning on.
    """
    check_rate(rate)
    if not path.is_file():
        raise UserError(f"there is no file {path} to follow")
    with opened(GrowingFile(path, idle), path, analyzeduration="0") as container:
        timed = ((frame, frame.time) for frame in decoded_frames(container, path))
        yield from as_rgb(at_rate(believed_times(timed, 1 / rate, path), rate), path)


def decoded_frames(container: av.container.InputContainer, path: Path) -> Iterator[av.VideoFrame]:
    done = yield from decoded(container, playing_stream(container, path))
    check_decoded(done, path)


class GrowingFile:
    """A file whose end is where nobody has written for a while."""

    def __init__(self, path: Path, idle: float):
        self.file = path.open("rb")
        self.idle = idle

    def read(self, size: int) -> bytes:
        until = time.monotonic() + self.idle
        while not (data := self.file.read(size)) and time.monotonic() < until:
            time.sleep(LOOK)
        return data
