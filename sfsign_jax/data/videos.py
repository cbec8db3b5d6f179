"""Video files and folders of images as streams of RGB frames."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from sfsign_jax.data.frames import Frame, decode_frame, image_files
from sfsign_jax.errors import UserError

USUAL_RATE = 25.0  # PHOENIX's
EARLY = 0.3  # of a frame: stored times are rounded, so not 0; where rates divide, a tie at ½
HIGHEST_RATE = 120.0  # a browser's recording may claim a thousand frames a second


class Video(NamedTuple):
    """What a camera saw."""

    frames: Iterator[Frame]
    rate: float | None  # frames a second; None where nobody knows
    expected_frames: int | None  # exact for a folder; for a file what its header says


def open_video(path: Path, rate: float | None = None) -> Video:
    """The frames of a video file, or of a folder of images in the order of their names.

    A video is shown at `rate` frames a second: some are left out or shown twice. By default at
    its own rate on average, so that frame i is at i / rate seconds whatever the camera did. The
    images of a folder are taken one by one.

    Raises:
        UserError: nothing is there, or nothing in it can be shown.
    """
    path = Path(path)
    if path.is_dir():
        return Video(folder_frames(path), rate, len(image_files(path)))
    if not path.is_file():
        raise UserError(f"there is no video or folder of frames at {path}")
    with open_container(path) as container:
        stream = container.streams.video[0]
        own = float(stream.average_rate or 0)
        seconds = (container.duration or 0) / av.time_base
    rate = rate or (own if 0 < own <= HIGHEST_RATE else USUAL_RATE)
    return Video(video_frames(path, rate), rate, round(seconds * rate) or None)


def folder_frames(folder: Path) -> Iterator[Frame]:
    files = image_files(folder)
    if not files:
        raise UserError(f"{folder} has no frames: expected image files (png, jpg, bmp or webp)")
    for file in files:
        yield decode_frame(file.read_bytes(), str(file))


def video_frames(path: Path, rate: float | None = None) -> Iterator[Frame]:
    """The frames one by one, as RGB, turned the way players show them.

    With `rate` so many a second, else those that the file has.

    Raises:
        UserError: it is no video, or has no frames.
    """
    with open_container(path) as container:
        stored = container.decode(container.streams.video[0])
        timed = ((frame, frame.time) for frame in stored)
        frame = None
        try:
            for frame in stored if rate is None else at_rate(timed, rate):
                yield as_rgb(frame)
        except av.FFmpegError as error:
            raise UserError(f"{path} can't be read as a video: {error.strerror}") from error
    if frame is None:
        raise UserError(f"{path} has no frames")


def as_rgb(frame: av.VideoFrame) -> Frame:
    return np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)


def at_rate(frames: Iterable[tuple[Any, float | None]], rate: float) -> Iterator[Any]:
    """What is shown at (k + EARLY) / rate seconds after the first frame, for k = 0, 1, …

    `frames` come with their times in seconds, None where nobody knows.
    """
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


def open_container(path: Path) -> av.container.InputContainer:
    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        empty = path.is_file() and path.stat().st_size == 0
        reason = "it is empty (0 bytes)" if empty else error.strerror
        raise UserError(f"{path} can't be read as a video: {reason}") from error
    if not container.streams.video:
        container.close()
        raise UserError(f"{path} has no video stream")
    container.streams.video[0].thread_type = "AUTO"
    return container
