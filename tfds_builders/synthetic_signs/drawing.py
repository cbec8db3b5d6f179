"""From a pose to a picture."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tfds_builders.synthetic_signs import body, hair, hands, head, painting, skeleton
from tfds_builders.synthetic_signs.motion import Pose
from tfds_builders.synthetic_signs.painting import Canvas
from tfds_builders.synthetic_signs.signers import Rgb, Signer

SUPERSAMPLING = 3  # painted so many times larger, then averaged: soft edges


class Arm(NamedTuple):
    """One arm as it is seen, in frame heights; ``scale`` grows as the hand nears the viewer.

    Each with a leading time axis where it is that of many frames.
    """

    joints: Float[np.ndarray, "*t 3 2"]  # shoulder, elbow, wrist
    palm: Float[np.ndarray, "*t n 2"]
    fingers: Float[np.ndarray, "*t 5 3 2"]
    hand_length: Any  # a number, or as many as there are frames
    scale: Any

    def at(self, frame: int) -> "Arm":
        """The arm in one of the frames."""
        return Arm(*(part[frame] for part in self))


def draw_frames(
    poses: Pose, signer: Signer, size: int, hand_length: float
) -> tuple[UInt8[np.ndarray, "t {size} {size} 3"], Float[np.ndarray, "t 2 4"]]:
    """RGB frames, and the boxes (left, top, right, bottom) of both hands in pixels.

    ``hand_length`` is from the wrist to the middle finger's tip, in frame heights.
    """
    arms = [_arm(poses, hand, signer, hand_length) for hand in (0, 1)]
    neck = skeleton.project(head.CENTRE[None, None], signer, poses.sway)[:, 0]
    centres = neck + np.array([0.035, 0.02]) * signer.size * poses.face[:, :2]
    frames = [
        _draw_frame(poses.at(t), [arm.at(t) for arm in arms], centres[t], signer, size)
        for t in range(len(centres))
    ]
    boxes = [hands.hand_box(arm.palm, arm.fingers, arm.hand_length) for arm in arms]
    return np.stack(frames), np.stack(boxes, axis=1) * size


def _draw_frame(
    pose: Pose, arms: Sequence[Arm], centre: Float[np.ndarray, "2"], signer: Signer, size: int
) -> UInt8[np.ndarray, "{size} {size} 3"]:
    """One frame; ``arms`` are the dominant one and the other, ``centre`` is the head's."""
    canvas = _backdrop(signer.background, size * SUPERSAMPLING).copy()
    dominant, other = arms
    hair.paint_hair_behind(canvas, signer, centre, head.RADII * signer.size)
    for arm in (other, dominant):
        body.paint_arm_silhouette(canvas, arm.joints, arm.scale, signer)
    body.paint_torso(canvas, signer, pose.sway)
    head.paint_head(canvas, signer, pose.face, centre)
    _cast_shadow(canvas, (other, dominant))
    for arm in (other, dominant):
        body.paint_arm(canvas, arm.joints, arm.scale, signer)
        hands.paint_hand(canvas, arm.palm, arm.fingers, arm.hand_length, signer.skin)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def _arm(poses: Pose, hand: int, signer: Signer, hand_length: float) -> Arm:
    """One arm in every frame."""
    side = (-1, 1)[hand]
    shoulder = np.array([side * signer.shoulders, skeleton.SHOULDER_HEIGHT, 0.0])
    elbow, wrist = skeleton.reach(shoulder, poses.wrist[:, hand], side)
    joints = np.stack([np.broadcast_to(shoulder, elbow.shape), elbow, wrist], axis=1)
    joints = skeleton.project(joints, signer, poses.sway)
    scale = skeleton.magnification(wrist[:, 2]) * signer.size
    length = hand_length * scale
    lines = hands.finger_lines(poses.extension[:, hand], poses.fan[:, hand])
    palm, fingers = (
        hands.place_hand(local, joints[:, 2], poses.angle[:, hand], side, length)
        for local in (hands.PALM[None], lines.reshape(len(lines), -1, 2))
    )
    return Arm(joints, palm, fingers.reshape(lines.shape), length, scale)


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
