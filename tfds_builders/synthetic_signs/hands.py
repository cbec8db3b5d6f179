"""A hand: its geometry from a handshape and an angle, and how it is painted."""

import numpy as np
from jaxtyping import Float

from tfds_builders.synthetic_signs import painting
from tfds_builders.synthetic_signs.painting import Canvas, Points
from tfds_builders.synthetic_signs.signers import Rgb

# In hand lengths: the wrist is the origin, x towards the thumb, y towards the fingertips.
PALM = painting.rounded(
    np.array(
        [(-0.1, -0.06), (0.1, -0.06), (0.2, 0.16), (0.25, 0.44), (0.14, 0.59), (-0.12, 0.58),
         (-0.25, 0.46), (-0.22, 0.16)]
    )
)  # fmt: skip
_KNUCKLES = np.array([(0.14, 0.16), (0.16, 0.48), (0.05, 0.51), (-0.06, 0.49), (-0.16, 0.43)])
_LENGTHS = np.array([0.42, 0.5, 0.55, 0.5, 0.4])
_RADII = np.array([0.092, 0.082, 0.084, 0.08, 0.07])
_ORDER = (4, 3, 2, 1, 0)  # the thumb lies over the fingers


def finger_lines(
    extension: Float[np.ndarray, "t 5"], fan: Float[np.ndarray, "t 5"]
) -> Float[np.ndarray, "t 5 3 2"]:
    """Base, middle joint and tip of each finger, thumb first, in hand lengths.

    A folded finger points at the viewer with its first half and back to the wrist with the second.
    """
    bend = np.radians((1 - extension) * 78)
    turn = np.radians(fan)
    along = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    half = _LENGTHS[:, None] / 2
    middle = _KNUCKLES + half * np.cos(bend)[..., None] * along
    far = np.cos(2.1 * bend)[..., None]
    far[:, 0] = np.maximum(0.3, far[:, 0])  # the thumb folds across the palm instead
    base = np.broadcast_to(_KNUCKLES, middle.shape)
    return np.stack([base, middle, middle + half * far * along], axis=-2)


def place_hand(
    local: Float[np.ndarray, "#t n 2"],
    wrist: Float[np.ndarray, "t 2"],
    angle: Float[np.ndarray, " t"],
    side: int,
    length: Float[np.ndarray, " t"],
) -> Float[np.ndarray, "t n 2"]:
    """Hand lengths to the image: the thumb's side is towards the body's axis, fingers up at 0."""
    turn = np.radians(angle)[:, None]
    x = local[..., 0] * np.cos(turn) + local[..., 1] * np.sin(turn)
    y = local[..., 0] * np.sin(turn) - local[..., 1] * np.cos(turn)
    return wrist[:, None] + np.stack([-side * x, y], axis=-1) * length[:, None, None]


def paint_hand(
    canvas: Canvas, palm: Points, fingers: Float[np.ndarray, "5 3 2"], length: float, skin: Rgb
) -> None:
    """Palm, then finger over finger, each with its outline, so that all of them can be told."""
    dark, dim = painting.shade(skin, 0.4), painting.shade(skin, 0.86)
    painting.shape(canvas, palm, dim)
    middle = palm.mean(axis=0)
    painting.fill(canvas, middle + 0.85 * (palm - middle) - 0.03 * length, skin)
    radii = _RADII * length
    # Outlines start off the palm and lit skin within it: no seam between palm and finger.
    edges, lit = fingers.copy(), fingers - 0.22 * radii[:, None, None]
    edges[:, 0] += 0.4 * (fingers[:, 1] - fingers[:, 0])
    lit[:, 0] += 0.3 * (middle - fingers[:, 0])
    for finger in _ORDER:
        painting.line(canvas, edges[finger], radii[finger] + painting.OUTLINE, dark)
        painting.line(canvas, fingers[finger], radii[finger], dim)
        painting.line(canvas, lit[finger], 0.74 * radii[finger], skin)


def hand_box(
    palm: Float[np.ndarray, "t n 2"],
    fingers: Float[np.ndarray, "t 5 3 2"],
    length: Float[np.ndarray, " t"],
) -> Float[np.ndarray, "t 4"]:
    """Left, top, right and bottom of a hand, as shares of the frame."""
    points = np.concatenate([palm, fingers.reshape(len(palm), -1, 2)], axis=1) + painting.MIDDLE
    margin = _RADII.max() * length[:, None]
    sides = [points.min(axis=1) - margin, points.max(axis=1) + margin]
    return np.clip(np.concatenate(sides, axis=1), 0, 1)
