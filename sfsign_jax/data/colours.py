"""High dynamic range and wide colours as a screen of BT.709 shows them.

By the standards' formulas: what a display of the video's kind emits is shown as it is up to
BT.2408's white of 203 cd/m², and anything brighter is white. (FFmpeg's own conversion comes as near
for skin, but makes strong colours up to 70 levels paler, and takes seconds a frame through PyAV.)
"""

import contextlib
import functools
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import Float, UInt8, UInt16

from sfsign_jax.data.frames import Frame
from sfsign_jax.errors import UserError

# As ITU-T H.273 numbers them, and FFmpeg with it.
UNSPECIFIED = 2
PQ, HLG = 16, 18  # transfer characteristics
BT2020 = 9  # primaries
BT2020_MATRIX = 9
MATRICES = (0, 1, UNSPECIFIED, 5, 6, 9)  # that FFmpeg's scaler knows

WHITE = 203  # cd/m²
HLG_PEAK = 1000  # cd/m² of the display that HLG is meant for, whose system gamma is 1.2
GAMMA = 2.4  # of a display of BT.709 or BT.2020 without high dynamic range (BT.1886)
LUMA = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # BT.2020
FROM_BT2020_TO_BT709 = np.array(  # BT.2087
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
BAND = 64  # rows at a time, so that no whole frame is held as floats


def colours_of(frame: av.VideoFrame, path: Path, scaler: VideoReformatter) -> Frame:
    """A frame of the file at `path` as RGB of BT.709; `scaler` is FFmpeg's, for all of its frames.

    Raises:
        UserError: its colours are stored in a way that can't be read.
    """
    if frame.color_trc not in (PQ, HLG) and frame.color_primaries != BT2020:
        return converted(frame, path, scaler, "rgb24", UNSPECIFIED)
    if frame.colorspace not in MATRICES:
        raise UserError(
            f"{path} has colours of a kind that can't be read (matrix {frame.colorspace} of "
            "H.273): convert it to BT.709 with the program it was made with"
        )
    if frame.colorspace == UNSPECIFIED:
        frame.colorspace = BT2020_MATRIX
    return shown(converted(frame, path, scaler, "rgb48le", BT2020_MATRIX), frame)


def converted(
    frame: av.VideoFrame, path: Path, scaler: VideoReformatter, pixels: str, otherwise: int
) -> np.ndarray:
    """RGB from the matrix that the frame names, or from another where there is none such."""
    for matrix in (frame.colorspace, otherwise):
        frame.colorspace = matrix
        with contextlib.suppress(av.FFmpegError):
            # Small frames take longer with several, and the decoder has its own.
            return scaler.reformat(frame, format=pixels, threads=1).to_ndarray()
    raise UserError(f"{path} has frames of a kind that can't be shown ({frame.format.name})")


def shown(codes: UInt16[np.ndarray, "height width 3"], frame: av.VideoFrame) -> Frame:
    transfer, narrow = frame.color_trc, frame.color_primaries not in (BT2020, UNSPECIFIED)
    picture = np.empty(codes.shape, np.uint8)
    for top in range(0, len(codes), BAND):
        light = light_of(codes[top : top + BAND], transfer)
        if not narrow:
            light = cv2.transform(light, FROM_BT2020_TO_BT709)
        # The table is of square roots: it has few dark entries otherwise.
        roots = cv2.sqrt(np.clip(light, 0, 1)) * np.float32(65535)
        picture[top : top + BAND] = shown_levels()[np.rint(roots).astype(np.uint16)]
    return picture


def light_of(codes: np.ndarray, transfer: int) -> Float[np.ndarray, "height width 3"]:
    """What a display emits, 1 for WHITE."""
    light = light_table(transfer)[codes]
    if transfer == HLG:
        light *= cv2.pow(cv2.transform(light, LUMA), 0.2)[..., None]
        light *= np.float32(HLG_PEAK / WHITE)
    return light


@functools.cache
def light_table(transfer: int) -> Float[np.ndarray, "65536"]:
    """Light for each code of 16 bits: a display's, and for HLG the scene's."""
    code = np.linspace(0, 1, 65536)
    if transfer == PQ:  # BT.2100
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = code ** (1 / m2)
        light = 10000 / WHITE * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    elif transfer == HLG:  # BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    else:
        light = code**GAMMA
    return light.astype(np.float32)


@functools.cache
def shown_levels() -> UInt8[np.ndarray, "65536"]:
    """The level of a screen for each square root of light, in 16 bits."""
    return np.rint(255 * np.linspace(0, 1, 65536) ** (2 / GAMMA)).astype(np.uint8)
