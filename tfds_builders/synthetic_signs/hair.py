"""The signers' hair: what lies behind the head and what lies on it."""

import numpy as np
from jaxtyping import Float

from tfds_builders.synthetic_signs.painting import (
    Canvas,
    Points,
    ellipse,
    line,
    rounded,
    shade,
    shape,
)
from tfds_builders.synthetic_signs.signers import Signer

# Outlines behind the head, in head radii from its middle.
_BEHIND = {
    "long": rounded(
        np.array(
            [
                *[(-1.1, -0.5), (-1.25, 0.3), (-1.3, 1.2), (-1.1, 1.7), (-0.4, 1.75), (0.4, 1.75)],
                *[(1.1, 1.7), (1.3, 1.2), (1.25, 0.3), (1.1, -0.5), (0.6, -1.1), (-0.6, -1.1)],
            ]
        )
    ),
    "bun": ellipse((0.5, 0.42), (0, -1.18)),
    "curly": rounded(ellipse((1.36, 1.28))[:-1] * np.tile([[1.06], [0.94]], (12, 1)) - (0, 0.2)),
}
# Over the head: from one angle to another along the top, and back along the hairline.
_ARCS = {"short": (190, 350), "long": (160, 380), "bun": (190, 350), "curly": (186, 354)}
_HAIRLINES = {
    "short": [
        (0.97, -0.1),
        (0.86, -0.4),
        (0.4, -0.66),
        (-0.2, -0.5),
        (-0.86, -0.38),
        (-0.97, -0.1),
    ],
    "long": [
        *[(0.96, 0.34), (0.87, -0.1), (0.6, -0.48), (0.22, -0.74)],
        *[(-0.25, -0.56), (-0.72, -0.3), (-0.88, -0.05), (-0.96, 0.34)],
    ],
    "bun": [
        *[(0.97, -0.1), (0.84, -0.46), (0.4, -0.68), (0.0, -0.72)],
        *[(-0.4, -0.68), (-0.84, -0.46), (-0.97, -0.1)],
    ],
    "curly": [
        *[(0.97, 0.0), (0.84, -0.36), (0.62, -0.44), (0.4, -0.6), (0.15, -0.56)],
        *[(-0.15, -0.62), (-0.4, -0.54), (-0.62, -0.5), (-0.84, -0.34), (-0.97, 0.0)],
    ],
}


def on_ball(points: Points) -> Float[np.ndarray, "n 3"]:
    """Points of the head's front, in head radii, lifted onto a ball: they move as it turns."""
    u, v = points.T
    return np.stack([u, v, np.sqrt(np.maximum(0, 1 - u**2 - 0.6 * v**2))], axis=1)


_LIFTED = {style: on_ball(np.array(points)) for style, points in _HAIRLINES.items()}


def paint_hair_behind(
    canvas: Canvas, signer: Signer, centre: Float[np.ndarray, "2"], radii: Float[np.ndarray, "2"]
) -> None:
    """The hair that head and shoulders cover; ``centre`` and ``radii`` are the head's."""
    if signer.hair_style in _BEHIND:
        shape(canvas, centre + _BEHIND[signer.hair_style] * radii, shade(signer.hair, 0.85))


def paint_hair(
    canvas: Canvas,
    signer: Signer,
    centre: Float[np.ndarray, "2"],
    radii: Float[np.ndarray, "2"],
    turn: Float[np.ndarray, "3 2"],
) -> None:
    """The hair on the head; ``turn`` takes points on the ball to the image."""
    top = ellipse(1.1 * radii, centre, *_ARCS[signer.hair_style])
    hairline = _LIFTED[signer.hair_style] @ turn + centre
    shape(canvas, np.concatenate([top, hairline]), signer.hair)
    line(canvas, ellipse(0.88 * radii, centre, 222, 268), 0.007, shade(signer.hair, 1.16))
