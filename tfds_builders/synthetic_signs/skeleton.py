"""Where the joints are: the elbow by inverse kinematics, and the projection to the image."""

import numpy as np
from jaxtyping import Float

from tfds_builders.synthetic_signs.signers import Signer

UPPER_ARM, FOREARM = 0.25, 0.23
SHOULDER_HEIGHT = 0.485
CAMERA = 1.5  # distance of the viewer from the body's plane, in frame heights
FLOOR = 1.0  # the figure grows and shrinks from the lower edge of the frame


def reach(
    shoulder: Float[np.ndarray, "3"], wrist: Float[np.ndarray, "t 3"], side: int
) -> tuple[Float[np.ndarray, "t 3"], Float[np.ndarray, "t 3"]]:
    """Elbow and wrist of an arm whose hand wants to be at ``wrist``, in every frame.

    A wrist out of reach is pulled back onto the arm's length. ``side`` is -1 for the arm at
    negative x, 1 for the other: elbows hang down and outwards, behind a lowered hand and before
    a raised one.
    """
    line = wrist - shoulder
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    length = np.clip(distance, 0.06, 0.995 * (UPPER_ARM + FOREARM))
    line = line / distance
    along = (UPPER_ARM**2 - FOREARM**2 + length**2) / (2 * length)
    hang = np.ones_like(line) * (0.4 * side, 1, -0.6)
    hang[:, 2] *= line[:, 1]
    hang -= np.sum(hang * line, axis=-1, keepdims=True) * line
    across = np.sqrt(np.maximum(0, UPPER_ARM**2 - along**2))
    elbow = shoulder + along * line + across * hang / np.linalg.norm(hang, axis=-1, keepdims=True)
    return elbow, shoulder + length * line


def magnification(depth: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """How much larger a thing looks ``depth`` nearer to the viewer than the body."""
    return CAMERA / (CAMERA - depth)


def project(
    points: Float[np.ndarray, "t n 3"], signer: Signer, sway: Float[np.ndarray, "t 2"]
) -> Float[np.ndarray, "t n 2"]:
    """Body to image, both in frame heights; x from the middle of the frame."""
    eye = np.array([0.0, 0.5])
    seen = eye + (points[..., :2] - eye) * magnification(points[..., 2:])
    return (seen - (0, FLOOR)) * signer.size + (0, FLOOR) + sway[:, None]
