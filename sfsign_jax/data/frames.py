"""Images as arrays of RGB, and their size."""

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sfsign_jax.data.picture_size import MAX_PIXELS, check_size
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError

Frame = UInt8[np.ndarray, "height width 3"]

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"}
IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")  # whatever the suffix


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


def image_bytes(file: Path, max_pixels: int = MAX_PIXELS) -> bytes:
    """An image file as it is, looked at before it is decoded.

    Raises:
        UserError: it is no image file, a damaged one, or has more than `max_pixels`.
    """
    if not file.is_file():  # a pipe would be waited for, a device may never end
        raise UserError(f"{file} is no file that can be read: leave it out")
    data = file.read_bytes()
    check_image(data, str(file), max_pixels)
    return data


def check_image(image: bytes, name: str, max_pixels: int) -> None:
    """Look at an image's header, and then at all of it.

    Pillow tells truncated images; OpenCV, before its version 5, fills in what they lack.

    Raises:
        UserError: it is no image, not a whole one, or has more than `max_pixels`.
    """
    try:
        # Pillow warns of sizes from a limit of its own on.
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            with Image.open(io.BytesIO(image), formats=IMAGE_FORMATS) as opened:
                check_size(*opened.size, name, max_pixels)
                opened.verify()  # OpenCV takes as much memory as a chunk of a PNG file claims
            with Image.open(io.BytesIO(image), formats=IMAGE_FORMATS) as opened:
                opened.load()
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise UserError(f"{name} has more than {most:.0f} megapixels: make it smaller") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{name} is empty, truncated or not an image") from error


def image_files(folder: Path) -> list[Path]:
    """The images of a folder in the order of the numbers in their names, 2 before 10."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    frames = (file for file in files if not file.name.startswith(".") and not file.is_dir())
    return sorted(frames, key=natural_order)


def natural_order(file: Path) -> tuple[list[str | int], str]:
    """Every second part is a number; of names that are equal so, 01 comes before 1."""
    parts = re.split(r"([0-9]+)", file.stem)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], file.name


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
