"""Encoded images, image files and videos to arrays of RGB frames."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from jaxtyping import UInt8

from sfsign_jax.errors import UserError

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}


def decode_frame(image: bytes, name: str) -> UInt8[np.ndarray, "height width 3"]:
    """One encoded image as RGB.

    Raises:
        UserError: the bytes are not an image; `name` says where they came from.
    """
    data = np.frombuffer(image, np.uint8)
    frame = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if frame is None:
        raise UserError(f"{name} is not an image, or a damaged one: replace it or leave it out")
    return frame


def read_clip(path: Path) -> tuple[UInt8[np.ndarray, "n height width 3"], float | None]:
    """The frames of a video file, or of a folder of images in the order of their names.

    Returns the frames and their number a second, None where nobody knows.

    Raises:
        UserError: nothing is there, or nothing in it can be shown.
    """
    path = Path(path)
    if path.is_dir():
        return read_image_folder(path), None
    if not path.is_file():
        raise UserError(f"there is no video or folder of frames at {path}")
    return read_video(path)


def image_files(folder: Path) -> list[Path]:
    """The images of a folder, in the order of their names."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(file for file in files if not file.is_dir())


def read_image_folder(folder: Path) -> UInt8[np.ndarray, "n height width 3"]:
    files = image_files(folder)
    if not files:
        raise UserError(f"{folder} has no frames: expected image files (png, jpg, bmp or webp)")
    frames = [decode_frame(file.read_bytes(), str(file)) for file in files]
    for file, frame in zip(files, frames, strict=True):
        if frame.shape != frames[0].shape:
            raise UserError(f"{file} is {frame.shape[:2]}, the first frame {frames[0].shape[:2]}")
    return np.stack(frames)


def read_video(path: Path) -> tuple[UInt8[np.ndarray, "n height width 3"], float | None]:
    return np.stack(list(video_frames(path))), frame_rate(path)


def video_frames(path: Path) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """The frames one by one, as RGB, turned the way players show them.

    Raises:
        UserError: it is no video, or has no frames.
    """
    number = 0
    with open_video(path) as container:
        try:
            for frame in container.decode(container.streams.video[0]):
                yield np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
                number += 1
        except av.FFmpegError as error:
            raise UserError(f"{path} can't be read as a video: {error.strerror}") from error
    if not number:
        raise UserError(f"{path} has no frames")


def frame_rate(path: Path) -> float | None:
    """Frames a second, None where the file does not say."""
    with open_video(path) as container:
        rate = container.streams.video[0].average_rate
        return float(rate) if rate else None


def open_video(path: Path) -> av.container.InputContainer:
    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        raise UserError(f"{path} can't be read as a video: {error.strerror}") from error
    if not container.streams.video:
        container.close()
        raise UserError(f"{path} has no video stream")
    container.streams.video[0].thread_type = "AUTO"
    return container


def drop_top(
    frame: UInt8[np.ndarray, "height width 3"], rows: int
) -> UInt8[np.ndarray, "height width 3"]:
    """A frame without its top rows, stretched to its old height, bilinear (CSL-Daily)."""
    if rows == 0:
        return frame
    height, width = frame.shape[:2]
    return cv2.resize(frame[rows:], (width, height), interpolation=cv2.INTER_LINEAR)


def resize_frames(
    frames: UInt8[np.ndarray, "n height width 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "n h w 3"]:
    """Lanczos to (height, width), as the published data were prepared; the shape may change."""
    if frames.shape[1:3] == size:
        return frames
    height, width = size
    return np.stack(
        [cv2.resize(f, (width, height), interpolation=cv2.INTER_LANCZOS4) for f in frames]
    )
