"""Oracle: a picture of BT.709 brought to the wide colours by the formulas of the standards.

BT.1886 (a display's light), BT.2087 (primaries), BT.2408 (white at 203 cd/m²), BT.2100 (PQ, and HLG
with the system gamma of 1.2 at 1000 cd/m²), BT.2020 (the matrix).
"""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from sfsign_jax.data.colours import colours_of
from sfsign_jax.data.videos import video_frames
from sfsign_jax.errors import UserError

SKIN = [
    (255, 224, 189),
    (241, 194, 125),
    (224, 172, 105),
    (198, 134, 66),
    (141, 85, 36),
    (92, 56, 26),
]
GREY = [(255, 255, 255), (200, 200, 200), (128, 128, 128), (64, 64, 64), (0, 0, 0)]
CLOTHES = [(30, 60, 120), (150, 30, 40), (20, 120, 60), (200, 180, 40)]
COLOURS = np.array(SKIN + GREY + CLOTHES)
PATCH = 16
PICTURE = COLOURS.repeat(PATCH, 0)[None].repeat(PATCH, 0)
SDR, PQ, HLG = 14, 16, 18


def light(picture):
    """In cd/m², of BT.2020's primaries."""
    to_bt2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    return 203 * (picture / 255) ** 2.4 @ np.transpose(to_bt2020)


def encoded(light, transfer):
    """R'G'B' from 0 to 1."""
    if transfer == PQ:
        root = (light / 10000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375
    if transfer == SDR:
        return (light / 203) ** (1 / 2.4)
    luminance = (light @ [0.2627, 0.6780, 0.0593])[..., None]
    scene = (light / 1000) * np.maximum(luminance / 1000, 1e-9) ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    bright = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def write(path, codes, transfer, matrix=9, codec="libx265", pixels="yuv420p10le"):
    """Ten bits in the range of television."""
    red, _, blue = np.moveaxis(codes, 2, 0)
    luma = codes @ [0.2627, 0.6780, 0.0593]
    planes = (
        64 + 876 * luma,
        512 + 896 * (blue - luma) / 1.8814,
        512 + 896 * (red - luma) / 1.4746,
    )
    options = {"x265-params": "lossless=1:log-level=none"} if codec == "libx265" else {"qp": "0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *codes.shape[:2], pixels
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, transfer, matrix
        context.color_range = 1
        for number in range(3):
            frame = av.VideoFrame(stream.width, stream.height, pixels)
            for plane, values, step in zip(frame.planes, planes, (1, 2, 2), strict=True):
                rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                rows[:, : plane.width] = np.rint(values[::step, ::step])
                plane.update(rows)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.color_primaries, frame.color_trc, frame.colorspace = 9, transfer, matrix
            frame.color_range = 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("transfer", [PQ, HLG, SDR])
def test_wide_colours_are_shown_as_the_narrow_ones(tmp_path, transfer, codec, suffix):
    path = tmp_path / f"clip{suffix}"
    write(path, encoded(light(PICTURE), transfer), transfer, codec=codec)
    frames = np.stack([*video_frames(path)])
    assert frames.shape == (3, *PICTURE.shape)
    middles = slice(PATCH // 2, None, PATCH)
    error = np.abs(frames[:, PATCH // 2, middles].astype(int) - COLOURS).max(axis=(0, 2))
    assert error[: len(SKIN)].max() <= 5
    assert error[len(SKIN) :].max() <= 8


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_what_is_brighter_than_white_is_white(tmp_path, transfer):
    write(tmp_path / "clip.mp4", encoded(np.full((16, 16, 3), 900.0), transfer), transfer)
    assert next(video_frames(tmp_path / "clip.mp4")).min() == 255


@pytest.mark.parametrize(("transfer", "level"), [(PQ, 0.58), (HLG, 0.75)])
def test_white_is_where_bt2408_has_it(tmp_path, transfer, level):
    write(tmp_path / "clip.mp4", np.full((16, 16, 3), level), transfer)
    assert 252 <= next(video_frames(tmp_path / "clip.mp4")).min() <= 255


def test_colours_that_can_not_be_read(tmp_path):
    write(tmp_path / "clip.mp4", encoded(light(PICTURE), PQ), PQ, matrix=14)
    with pytest.raises(UserError, match=r"clip.mp4 has colours .* \(matrix 14 of"):
        next(video_frames(tmp_path / "clip.mp4"))


@pytest.mark.parametrize("matrix", [3, 65])
def test_a_matrix_that_is_none(matrix):
    """Reserved numbers, or a damaged header."""
    frame = av.VideoFrame.from_ndarray(PICTURE.astype(np.uint8), "rgb24").reformat(format="yuv420p")
    expected = colours_of(frame, "clip", VideoReformatter())
    frame.colorspace = matrix
    np.testing.assert_array_equal(colours_of(frame, "clip", VideoReformatter()), expected)
