"""Images as arrays of RGB, and their size."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError

Frame = UInt8[np.ndarray, "height width 3"]

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


def image_files(folder: Path) -> list[Path]:
    """The images of a folder, in the order of their names."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(file for file in files if not file.is_dir())


def drop_top_rows(
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


def as_stored(frames: Iterable[Frame], preprocessing: Preprocessing) -> Iterator[Frame]:
    """Frames of any size at the size of a prepared dataset's, all their rows included."""
    for frame in frames:
        yield resize_frames(frame[None], preprocessing.frame_size)[0]


def without_top_rows(frames: Iterable[Frame], preprocessing: Preprocessing) -> Iterator[Frame]:
    """Stored frames as the network gets them: without the rows that training dropped."""
    for frame in frames:
        yield drop_top_rows(frame, preprocessing.drop_top_rows)
