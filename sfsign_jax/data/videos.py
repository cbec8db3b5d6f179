"""Video files and folders of images as streams of RGB frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from sfsign_jax.data.containers import open_stream
from sfsign_jax.data.display import as_rgb
from sfsign_jax.data.frames import Frame, decode_frame, image_bytes, image_files
from sfsign_jax.data.packets import stored_frames, whole_index
from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.times import (
    LONGEST,
    SHORTEST,
    USUAL_RATE,
    at_rate,
    believed_times,
    check_rate,
    plausible_rate,
)
from sfsign_jax.errors import UserError

LEAST_BITS = 20_000  # a second; where a video has fewer, its times are taken to jump


class Video(NamedTuple):
    """What a camera saw."""

    frames: Iterator[Frame]
    rate: float | None  # frames a second; None where nobody knows
    expected_frames: int | None  # exact for a folder; for a file what its header says


def open_video(path: Path, rate: float | None = None, max_pixels: int = MAX_PIXELS) -> Video:
    """The frames of a video file, or of a folder of images in the order of their names.

    A video is shown at `rate` frames a second: some are left out or shown twice. By default at
    its own rate on average, so that frame i is at i / rate seconds whatever the camera did. The
    images of a folder are taken one by one.

    Raises:
        UserError: nothing is there, nothing in it can be shown, a frame has more than `max_pixels`,
            or nothing can be shown at that rate.
    """
    path = Path(path)
    if rate is not None:
        check_rate(rate)
    if path.is_dir():
        return Video(folder_frames(path, max_pixels), rate, len(image_files(path)))
    if not path.is_file():
        raise UserError(f"there is no video or folder of frames at {path}")
    own, seconds = claims_of(path, max_pixels)
    rate = rate or own
    frames = frames_at_rate(path, rate, 1 / own, max_pixels)
    return Video(frames, rate, round(seconds * rate) or None)


def claims_of(path: Path, max_pixels: int) -> tuple[float, float]:
    """Frames a second, and seconds (0 where nobody knows), as far as the header can be believed."""
    with open_stream(path, max_pixels) as (container, stream):
        rate, seconds = float(stream.average_rate or 0), (container.duration or 0) / av.time_base
        index = whole_index(container, stream)
        times = np.array([entry.timestamp for entry in index if not entry.is_discard])
        intervals = np.diff(times) * float(stream.time_base or 0)
        believed = intervals[(intervals >= SHORTEST) & (intervals <= LONGEST)]
        if len(believed) < len(intervals):
            rate = round(1 / believed.mean(), 6) if len(believed) else 0.0
            seconds = len(times) / (rate or USUAL_RATE)
        elif not len(times) and container.size * 8 < LEAST_BITS * seconds:
            rate, seconds = float(stream.base_rate or 0), 0.0  # of the first frames
    return plausible_rate(rate) or USUAL_RATE, max(seconds, 0.0)


def folder_frames(folder: Path, max_pixels: int = MAX_PIXELS) -> Iterator[Frame]:
    """
    Raises:
        UserError: there is no image, or one that can't be read or has more than `max_pixels`.
    """
    files = image_files(folder)
    if not files:
        raise UserError(
            f"{folder} has no frames: expected image files (png, jpg, bmp, webp or tif)"
        )
    for file in files:
        yield decode_frame(image_bytes(file, max_pixels), str(file))


def video_frames(path: Path, max_pixels: int = MAX_PIXELS) -> Iterator[Frame]:
    """All frames of a file one by one, as RGB, turned the way players show them.

    Raises:
        UserError: it is no video, has no frames, or one has more than `max_pixels`.
    """
    return as_rgb(stored_frames(path, max_pixels), path)


def frames_at_rate(
    path: Path, rate: float, usual: float, max_pixels: int = MAX_PIXELS
) -> Iterator[Frame]:
    """The same at `rate` frames a second; `usual` are the seconds between two stored ones."""
    timed = ((frame, frame.time) for frame in stored_frames(path, max_pixels))
    return as_rgb(at_rate(believed_times(timed, usual, path), rate), path)
