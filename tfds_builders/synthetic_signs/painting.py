"""Brushes: filled shapes and round strokes, in frame heights, on a supersampled canvas."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tfds_builders.synthetic_signs.signers import Rgb

Canvas = UInt8[np.ndarray, "s s *channels"]
Points = Float[np.ndarray, "n 2"]

OUTLINE = 0.005
MIDDLE = np.array([0.5, 0.0])  # where x = 0 is in the frame
_SHIFT = 4  # fractional bits of the coordinates that OpenCV takes


def fill(canvas: Canvas, points: Points, colour: Rgb) -> None:
    """A filled polygon."""
    cv2.fillPoly(canvas, [_fixed(canvas, points)], colour, cv2.LINE_8, _SHIFT)


def line(canvas: Canvas, points: Points, radius: float, colour: Rgb, closed: bool = False) -> None:
    """A polyline with round ends, ``radius`` to each side."""
    thickness = max(1, round(2 * radius * len(canvas)))
    cv2.polylines(canvas, [_fixed(canvas, points)], closed, colour, thickness, cv2.LINE_8, _SHIFT)


def shape(canvas: Canvas, points: Points, colour: Rgb) -> None:
    """A filled polygon with a darker outline around it."""
    line(canvas, points, OUTLINE, shade(colour, 0.45), closed=True)
    fill(canvas, points, colour)


def limb(canvas: Canvas, joints: Points, radii: Float[np.ndarray, " n"], colour: Rgb) -> None:
    """A chain of tapered capsules from joint to joint."""
    # Complex numbers turn a direction by a right angle, faster than arrays of two.
    centres = [complex(x, y) for x, y in joints.tolist()]
    reaches = radii.tolist()
    for a, b, ra, rb in zip(centres, centres[1:], reaches, reaches[1:], strict=False):
        across = 1j * (b - a) / max(abs(b - a), 1e-6)
        corners = [a + across * ra, b + across * rb, b - across * rb, a - across * ra]
        fill(canvas, np.array(corners).view(float).reshape(4, 2), colour)
    for centre, reach in zip(_fixed(canvas, joints).tolist(), reaches, strict=True):
        radius = int(reach * len(canvas) * 2**_SHIFT)
        cv2.circle(canvas, centre, radius, colour, cv2.FILLED, cv2.LINE_8, _SHIFT)


def ellipse(
    radii: Float[np.ndarray, "2"] | tuple[float, float],
    centre: Float[np.ndarray, "2"] | tuple[float, float] = (0.0, 0.0),
    start: float = 0,
    stop: float = 360,
) -> Points:
    """Points of an elliptic arc; degrees, clockwise from three o'clock."""
    return _arc(start, stop) * radii + np.asarray(centre)


@lru_cache
def _arc(start: float, stop: float) -> Points:
    turn = np.radians(np.linspace(start, stop, 25))
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def rounded(points: Points) -> Points:
    """A closed polygon with its corners cut off twice (Chaikin)."""
    for _ in range(2):
        following = np.roll(points, -1, axis=0)
        cut = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], axis=1)
        points = cut.reshape(-1, 2)
    return points


@lru_cache(maxsize=1024)
def shade(colour: Rgb, light: float) -> Rgb:
    """Darker for ``light`` below 1; above it, blended towards white."""
    if light <= 1:
        r, g, b = (round(c * light) for c in colour)
    else:
        r, g, b = (round(c + (255 - c) * (light - 1)) for c in colour)
    return r, g, b


def blend(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """``colour`` with a share of another one in it."""
    r, g, b = (round((1 - share) * c + share * d) for c, d in zip(colour, other, strict=True))
    return r, g, b


def _fixed(canvas: Canvas, points: Float[np.ndarray, "*n 2"]) -> np.ndarray:
    """Frame heights, x from the middle, to OpenCV's fixed-point pixels."""
    return ((points + MIDDLE) * (len(canvas) * 2**_SHIFT)).astype(np.int32)
