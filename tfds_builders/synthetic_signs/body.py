"""The signer's torso and arms."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from tfds_builders.synthetic_signs import painting
from tfds_builders.synthetic_signs.painting import OUTLINE, Canvas, Points
from tfds_builders.synthetic_signs.signers import Rgb, Signer
from tfds_builders.synthetic_signs.skeleton import FLOOR

_SHOULDER, _ELBOW, _WRIST = 0.053, 0.045, 0.034  # radii in frame heights
_CLOTH = 0.006  # how much a sleeve adds to them


@lru_cache
def _outlines(signer: Signer) -> tuple[Points, ...]:
    """Clothes, their lit part, the neck, and the collar around it."""
    s = signer.shoulders
    clothes = _both_sides(
        [
            *[(0.055, 0.375), (0.09, 0.4), (s - 0.04, 0.422), (s + 0.025, 0.445)],
            *[(s + 0.035, 0.54), (s - 0.015, 0.66), (s - 0.02, 0.85), (s + 0.01, 1.2)],
        ]
    )
    neck = _both_sides([(0.047, 0.3), (0.05, 0.385), (0.058, 0.41), (0.035, 0.445), (0.0, 0.45)])
    collar = neck[neck[:, 1] > 0.38]
    lit = clothes * (0.93, 1) + (-0.014, 0.01)
    return tuple(
        (points - (0, FLOOR)) * signer.size + (0, FLOOR) for points in (clothes, lit, neck, collar)
    )


def _both_sides(half: list[tuple[float, float]]) -> Points:
    """A rounded outline from its right half, top to bottom."""
    right = np.array(half)
    return painting.rounded(np.concatenate([right, right[::-1] * (-1, 1)]))


def paint_torso(canvas: Canvas, signer: Signer, sway: Float[np.ndarray, "2"]) -> None:
    """Clothes, collar and neck."""
    clothes, lit, neck, collar = _outlines(signer)
    painting.shape(canvas, clothes + sway, painting.shade(signer.clothes, 0.9))
    painting.fill(canvas, lit + sway, signer.clothes)
    painting.line(canvas, collar + sway, 0.011, painting.shade(signer.clothes, 0.72))
    painting.fill(canvas, neck + sway, painting.shade(signer.skin, 0.8))


def paint_arm_silhouette(
    canvas: Canvas, joints: Float[np.ndarray, "3 2"], scale: float, signer: Signer
) -> None:
    """The outline of the upper arm, to be painted before the torso that it grows out of."""
    radii = np.array([_SHOULDER, _ELBOW]) * scale + _CLOTH + OUTLINE
    painting.limb(canvas, joints[:2], radii, painting.shade(signer.clothes, 0.45))


def paint_arm(
    canvas: Canvas, joints: Float[np.ndarray, "3 2"], scale: float, signer: Signer
) -> None:
    """Upper arm and forearm, in a sleeve as far as this signer's sleeves reach."""
    radii = np.array([_SHOULDER, _ELBOW, _WRIST]) * scale
    painting.limb(canvas, joints[1:], radii[1:] + OUTLINE, painting.shade(signer.skin, 0.42))
    _paint_tube(canvas, joints[1:], radii[1:], signer.skin)
    sleeve, loose = joints.copy(), radii + _CLOTH
    sleeve[2] = joints[1] + (joints[2] - joints[1]) * signer.sleeve
    loose[2] = radii[1] + (radii[2] - radii[1]) * signer.sleeve + 1.5 * _CLOTH
    # The outline starts below the shoulder: no seam between sleeve and torso.
    edge, wide = sleeve.copy(), loose + OUTLINE
    edge[0], wide[0] = 0.5 * (edge[0] + edge[1]), 0.5 * (wide[0] + wide[1])
    painting.limb(canvas, edge, wide, painting.shade(signer.clothes, 0.45))
    _paint_tube(canvas, sleeve, loose, signer.clothes)


def _paint_tube(
    canvas: Canvas, joints: Points, radii: Float[np.ndarray, " n"], colour: Rgb
) -> None:
    """A limb lit from the upper left."""
    painting.limb(canvas, joints, radii, painting.shade(colour, 0.86))
    painting.line(canvas, joints - 0.2 * radii[:, None], 0.76 * radii.min(), colour)
