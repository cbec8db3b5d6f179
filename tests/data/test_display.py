"""Oracle: the eight ways to show a picture of four corners, written out."""

import struct

import numpy as np
import pytest
from video_files import gradient, write_video

from sfsign_jax.data.videos import open_video, video_frames

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
NAMES = {RED: "r", GREEN: "g", BLUE: "b", WHITE: "w"}


@pytest.fixture
def path(tmp_path):
    """Stored: red and green above, blue and white below; wider than high."""
    frames = np.zeros((2, 48, 64, 3), np.uint8)
    frames[:, :24, :32], frames[:, :24, 32:] = RED, GREEN
    frames[:, 24:, :32], frames[:, 24:, 32:] = BLUE, WHITE
    write_video(tmp_path / "clip.mp4", frames)
    return tmp_path / "clip.mp4"


def set_matrix(path, a, b, c, d):
    """In the header of the track (ISO 14496-12): (x, y) is shown at (ax + cy, bx + dy)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    a, b, c, d = (round(n * 2**16) for n in (a, b, c, d))
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def corners(frame):
    """Read as a page is."""
    height, width = frame.shape[:2]
    points = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return "".join(
        min(NAMES, key=lambda name: np.abs(frame[point].astype(int) - name).sum())
        and NAMES[min(NAMES, key=lambda name: np.abs(frame[point].astype(int) - name).sum())]
        for point in points
    )


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), "rgbw"),
        ((0, 1, -1, 0), "brwg"),  # a quarter to the right
        ((-1, 0, 0, -1), "wbgr"),  # upside down
        ((0, -1, 1, 0), "gwrb"),  # a quarter to the left
        ((-1, 0, 0, 1), "grwb"),  # mirrored
        ((1, 0, 0, -1), "bwrg"),  # flipped
        ((0, 1, 1, 0), "rbgw"),  # mirrored about the falling diagonal
        ((0, -1, -1, 0), "wgbr"),  # about the rising one
        ((2, 0, 0, 2), "rgbw"),  # larger, which the size of the frames settles
        ((0, 0, 0, 0), "rgbw"),  # nothing
    ],
)
def test_the_matrix_is_followed(path, matrix, shown):
    set_matrix(path, *matrix)
    for frames in (video_frames(path), open_video(path, 25).frames):
        frame = next(frames)
        assert frame.shape == ((64, 48, 3) if matrix[1] else (48, 64, 3))
        assert corners(frame) == shown


def test_side_data_that_is_not_known(path, monkeypatch):
    """What is left then is the angle."""
    from av.sidedata import sidedata

    from sfsign_jax.data import display

    class Frame:
        rotation = -90

        @property
        def side_data(self):
            return {sidedata.Type(1000): b""}

    assert display.display_matrix(Frame()) == (0, 1, -1, 0)
    for quarters, matrix in enumerate(display.TURNED):
        picture = gradient(1)[0]
        np.testing.assert_array_equal(display.turned(picture, matrix), np.rot90(picture, quarters))
