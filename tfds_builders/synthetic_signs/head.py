"""The signer's head and what the face does."""

import numpy as np
from jaxtyping import Float

from tfds_builders.synthetic_signs import hair
from tfds_builders.synthetic_signs.hair import on_ball
from tfds_builders.synthetic_signs.painting import (
    Canvas,
    Points,
    blend,
    ellipse,
    fill,
    line,
    shade,
    shape,
)
from tfds_builders.synthetic_signs.signers import Signer

CENTRE = np.array([0.0, 0.235, 0.0])  # frame heights
RADII = np.array([0.1, 0.13])
_YAW, _NOD = np.radians(42), np.radians(30)  # the largest turns

# Features in head radii; those in pairs are of the right half of the image.
_CHEEK = ellipse((0.2, 0.13), (0.52, 0.3))
_EYE = ellipse((0.2, 0.14), (0.38, -0.04))
_IRIS = ellipse((0.11, 0.11), (0.38, -0.02))
_LASH = ellipse((0.22, 0.15), (0.38, -0.04), 190, 350)
_BROW = np.array([(0.18, -0.36), (0.4, -0.43), (0.62, -0.34)])
_PAIRS = [
    [on_ball(part * (side, 1)) for part in (_CHEEK, _EYE, _IRIS, _LASH, _BROW)] for side in (-1, 1)
]
_NOSE = on_ball(np.array([(0.05, 0.02), (0.1, 0.24), (-0.03, 0.28)]))
_SMILE = on_ball(np.array([(-0.28, 0.52), (-0.12, 0.58), (0.12, 0.58), (0.28, 0.52)]))
_TEETH = ellipse((0.75, 0.28), (0, -0.5))  # of the opening of the mouth
_TONGUE = ellipse((0.6, 0.36), (0, 0.48))


def paint_head(
    canvas: Canvas, signer: Signer, face: Float[np.ndarray, "4"], centre: Float[np.ndarray, "2"]
) -> None:
    """Ears, head, face and hair; ``face`` as in ``Pose``."""
    yaw, nod, mouth, shut = face.tolist()
    radii = RADII * signer.size
    a, b = _YAW * yaw, _NOD * nod
    turn = np.array([(np.cos(a), 0), (0, np.cos(b)), (np.sin(a), np.sin(b))]) * radii

    for side in (-1, 1):
        ear = ellipse((0.19, 0.19), (side * (0.98 - 0.12 * side * yaw), 0.08)) * radii + centre
        shape(canvas, ear, shade(signer.skin, 0.88))
    skull = _skull(mouth)
    shape(canvas, centre + skull * radii, shade(signer.skin, 0.9))
    fill(canvas, centre + (skull * 0.93 - 0.05) * radii, signer.skin)

    raised = centre - (0, 0.1 * mouth * radii[1])
    for pair in _PAIRS:
        cheek, eye, iris, lash, brow = (part @ turn for part in pair)
        fill(canvas, cheek + centre, blend(signer.skin, (235, 80, 70), 0.14))
        if shut < 0.6:
            fill(canvas, eye + centre, (252, 252, 250))
            fill(canvas, iris + centre, (34, 26, 26))
        middle = eye.mean(axis=0)
        lowered = middle + (lash - middle) * (1, 1 - 1.6 * shut)  # shut, it hangs below the middle
        line(canvas, lowered + centre, 0.0045, (40, 28, 28))
        line(canvas, brow + raised, 0.005, shade(signer.hair, 0.65))
    line(canvas, _NOSE @ turn + centre, 0.0045, shade(signer.skin, 0.7))
    _paint_mouth(canvas, signer, mouth, turn, centre)
    hair.paint_hair(canvas, signer, centre, radii, turn)


def _skull(mouth: float) -> Points:
    """The outline of the head in head radii: narrower at the chin, which an open mouth lowers."""
    outline = ellipse((1, 1))
    below = np.maximum(0, outline[:, 1])
    return outline * np.stack([1 - 0.14 * below, 1 + 0.18 * mouth * below], axis=1)


def _paint_mouth(
    canvas: Canvas,
    signer: Signer,
    mouth: float,
    turn: Float[np.ndarray, "3 2"],
    centre: Float[np.ndarray, "2"],
) -> None:
    lips = blend(signer.skin, (175, 40, 55), 0.5)
    if mouth < 0.15:
        line(canvas, _SMILE @ turn + centre, 0.006, lips)
        return
    middle = np.array([0, 0.58 + 0.1 * mouth, 0.75]) @ turn + centre
    opening = np.array([0.24 + 0.14 * mouth, 0.06 + 0.32 * mouth]) * np.diagonal(turn)
    fill(canvas, ellipse(opening + 0.007, middle), lips)
    fill(canvas, ellipse(opening, middle), (72, 10, 22))
    fill(canvas, _TEETH * opening + middle, (245, 240, 235))
    fill(canvas, _TONGUE * opening + middle, (208, 84, 94))
