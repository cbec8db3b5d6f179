"""From a pose to a picture."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tfds_builders.synthetic_signs import body, hair, hands, head, painting, skeleton
from tfds_builders.synthetic_signs.motion import Pose
from tfds_builders.synthetic_signs.painting import Canvas, Points
from tfds_builders.synthetic_signs.signers import Rgb, Signer

SUPERSAMPLING = 3  # painted so many times larger, then averaged: soft edges


@dataclass(frozen=True)
class Arm:
    """One arm as it is seen, in frame heights; ``scale`` grows as the hand nears the viewer."""

    joints: Float[np.ndarray, "3 2"]  # shoulder, elbow, wrist
    palm: Points
    fingers: Float[np.ndarray, "5 3 2"]
    hand_length: float
    scale: float


def draw_frame(
    pose: Pose, signer: Signer, size: int, hand_length: float
) -> tuple[UInt8[np.ndarray, "{size} {size} 3"], Float[np.ndarray, "2 4"]]:
    """One RGB frame, and the box (left, top, right, bottom) of each hand in pixels.

    ``pose`` is that of one frame; ``hand_length`` is from the wrist to the middle finger's tip,
    in frame heights.
    """
    canvas = _backdrop(signer.background, size * SUPERSAMPLING).copy()
    dominant, other = (_arm(pose, hand, signer, hand_length) for hand in (0, 1))
    neck = skeleton.project(head.CENTRE[None], signer, pose.sway)[0]
    centre = neck + np.array([0.035, 0.02]) * signer.size * pose.face[:2]
    hair.paint_hair_behind(canvas, signer, centre, head.RADII * signer.size)
    for arm in (other, dominant):
        body.paint_arm_silhouette(canvas, arm.joints, arm.scale, signer)
    body.paint_torso(canvas, signer, pose.sway)
    head.paint_head(canvas, signer, pose.face, centre)
    _cast_shadow(canvas, (other, dominant))
    for arm in (other, dominant):
        body.paint_arm(canvas, arm.joints, arm.scale, signer)
        hands.paint_hand(canvas, arm.palm, arm.fingers, arm.hand_length, signer.skin)
    frame = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    boxes = [hands.hand_box(a.palm, a.fingers, a.hand_length) for a in (dominant, other)]
    return frame, np.array(boxes) * size


def _arm(pose: Pose, hand: int, signer: Signer, hand_length: float) -> Arm:
    side = (-1, 1)[hand]
    shoulder = np.array([side * signer.shoulders, skeleton.SHOULDER_HEIGHT, 0.0])
    elbow, wrist = skeleton.reach(shoulder, pose.wrist[hand], side)
    joints = skeleton.project(np.stack([shoulder, elbow, wrist]), signer, pose.sway)
    scale = float(skeleton.magnification(wrist[2])) * signer.size
    length = hand_length * scale
    lines = hands.finger_lines(pose.extension[hand], pose.fan[hand])
    palm, fingers = (
        hands.place_hand(local, joints[2], pose.angle[hand], side, length)
        for local in (hands.PALM, lines)
    )
    return Arm(joints, palm, fingers, length, scale)


def _cast_shadow(canvas: Canvas, arms: tuple[Arm, ...]) -> None:
    """Darken what lies behind arms and hands, softly, a little to the lower right."""
    small = len(canvas) // 8
    mask = np.zeros((small, small), np.uint8)
    offset = np.array([0.012, 0.018])
    for arm in arms:
        painting.line(mask, arm.joints + offset, 0.04 * arm.scale, (255, 255, 255))
        painting.fill(mask, arm.palm + offset, (255, 255, 255))
        # One stroke over all fingers, through each base again on the way to the next.
        fingers = arm.fingers[:, [0, 1, 2, 1, 0]].reshape(-1, 2)
        painting.line(mask, fingers + offset, 0.09 * arm.hand_length, (255, 255, 255))
    soft = cv2.GaussianBlur(mask, (0, 0), 0.014 * small)
    large = cv2.resize(soft, canvas.shape[:2], interpolation=cv2.INTER_LINEAR)
    light = cv2.cvtColor(cv2.convertScaleAbs(large, alpha=-0.32, beta=255), cv2.COLOR_GRAY2RGB)
    cv2.multiply(canvas, light, canvas, scale=1 / 255)


@lru_cache(maxsize=32)
def _backdrop(colour: Rgb, size: int) -> Canvas:
    """A wall lit from the upper left, darker towards the corners."""
    y, x = np.mgrid[0:size, 0:size] / size
    light = 1.12 - 0.35 * np.hypot(x - 0.4, y - 0.3)
    return np.clip(np.array(colour) * light[..., None], 0, 255).astype(np.uint8)
