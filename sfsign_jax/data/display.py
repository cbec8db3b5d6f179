"""A stored frame as players show it: its colours, and which way up it is."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from sfsign_jax.data.colours import colours_of
from sfsign_jax.data.frames import Frame

UPRIGHT = (1, 0, 0, 1)
TURNED = [UPRIGHT, (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0)]  # by 90° each, to the left


def as_rgb(frames: Iterable[av.VideoFrame], path: Path) -> Iterator[Frame]:
    """Each of the stored frames of the file at `path`.

    Raises:
        UserError: colours can't be brought to those of a screen.
    """
    scaler = VideoReformatter()  # one for all: making it takes longer than using it
    for frame in frames:
        yield turned(colours_of(frame, path, scaler), display_matrix(frame))


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """a, b, c, d of ISO 14496-12: the stored pixel (x, y) is shown at (ax + cy, bx + dy)."""
    try:
        stored: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # there is side data of a kind that PyAV doesn't know
        return TURNED[frame.rotation // 90 % 4]
    if stored is None:
        return UPRIGHT
    a, b, _, c, d = np.frombuffer(bytes(stored), np.int32)[:5].tolist()
    return a, b, c, d


def turned(picture: Frame, matrix: tuple[int, int, int, int]) -> Frame:
    """A picture turned and mirrored: the one of the eight ways that is nearest to the matrix."""
    a, b, c, d = matrix
    if abs(b) > abs(a):
        picture, right, down = picture.swapaxes(0, 1), c, b
    else:
        right, down = a, d
    return picture[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1]
