"""From a sentence to the signer's pose in every frame, co-articulation included."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

from tfds_builders.synthetic_signs.lexicon import REST, Gloss, Handshape

# Nominal durations in frames, before the stretch to the length that was drawn.
STROKE = 5.0
TRANSITION = 3.2
RISE = 5.0  # from the lap to the first stroke, and back after the last
HOLD = 1.2  # at rest, before and after the sentence

CUE_LEAD = 1.5  # the face begins so much before the hands, and ends after them

FACE = ("yaw", "nod", "mouth", "eyes")
REST_KEY = (-0.15, 0.84, 0.12, 112.0)


@dataclass(frozen=True)
class Pose:
    """The body in one frame, or with a leading time axis in many.

    Hands are on the axis of size 2: the dominant one, then the other. Lengths in frame heights,
    axes as in ``Movement``; angles of hand and fingers in degrees; ``face`` holds yaw and nod of
    the head (-1 to 1), mouth (0 closed, 1 wide open) and eyes (0 open, 1 shut).
    """

    wrist: Float[np.ndarray, "*t 2 3"]
    angle: Float[np.ndarray, "*t 2"]
    extension: Float[np.ndarray, "*t 2 5"]
    fan: Float[np.ndarray, "*t 2 5"]
    face: Float[np.ndarray, "*t 4"]
    sway: Float[np.ndarray, "*t 2"]

    def at(self, frame: int) -> "Pose":
        """The pose in one of the frames."""
        return Pose(*(getattr(self, field.name)[frame] for field in fields(self)))


def sentence_motion(
    sentence: tuple[Gloss, ...], frames: int, rng: np.random.Generator, variety: float = 0.1
) -> tuple[Pose, list[tuple[int, int]]]:
    """The poses of ``frames`` frames, and the first and last frame of each gloss's stroke.

    The transitions between strokes belong to no gloss. Strokes last longer or shorter than usual by
    up to the share ``variety``.
    """
    strokes, end = _schedule(len(sentence), rng, variety)
    stretch = (frames - 1) / end
    time = np.arange(frames) / stretch
    variation = [_vary(rng) for _ in sentence]
    hands = np.stack(
        [_hand_track(sentence, strokes, end, variation, hand)(time) for hand in (0, 1)], axis=1
    )
    pose = Pose(
        wrist=hands[..., :3] + _smooth_noise(rng, frames, (2, 3), every=3) * 0.004,
        angle=hands[..., 3] + _smooth_noise(rng, frames, (2,), every=5) * 3,
        extension=hands[..., 4:9],
        fan=hands[..., 9:],
        face=_face_track(sentence, strokes, end, time, rng),
        sway=rng.normal(0, 0.01, 2) + _smooth_noise(rng, frames, (2,), every=12) * 0.004,
    )
    spans = [(int(np.ceil(a * stretch)), int(b * stretch)) for a, b in strokes]
    return pose, spans


def _schedule(
    glosses: int, rng: np.random.Generator, variety: float
) -> tuple[list[tuple[float, float]], float]:
    """Start and end of each stroke in nominal frames, and the end of the clip."""
    strokes: list[tuple[float, float]] = []
    time = HOLD
    for _ in range(glosses):
        start = time + (TRANSITION if strokes else RISE) * rng.uniform(0.9, 1.15)
        time = start + STROKE * rng.uniform(1 - variety, 1 + variety)
        strokes.append((start, time))
    return strokes, time + RISE + HOLD


def _vary(rng: np.random.Generator) -> tuple[Float[np.ndarray, "4"], float]:
    """How one production of a sign differs from the next: an offset and an amplitude."""
    return rng.normal(0, (0.009, 0.009, 0.009, 4)), rng.uniform(0.88, 1.12)


def _hand_track(
    sentence: tuple[Gloss, ...],
    strokes: list[tuple[float, float]],
    end: float,
    variation: list[tuple[Float[np.ndarray, "4"], float]],
    hand: int,
) -> PchipInterpolator:
    """Time to (x, y, z, angle, 5 extensions, 5 finger angles) of one hand.

    The interpolation through all keys of the sentence is the co-articulation: it never
    overshoots a key, and between two strokes place, angle and handshape change together.
    """
    rest = _hand_key(np.array(REST_KEY), REST, hand)
    times, keys = [0.0, HOLD], [rest, rest]
    for gloss, (start, stop), (offset, amplitude) in zip(sentence, strokes, variation, strict=True):
        if hand < gloss.movement.hands:
            path = np.array(gloss.movement.path)
            path = path.mean(0) + offset + (path - path.mean(0)) * amplitude
            times += np.linspace(start, stop, len(path)).tolist()
            keys += [_hand_key(key, gloss.handshape, hand) for key in path]
        else:  # the way to the lap and back takes a part of the stroke too
            times += np.linspace(start, stop, 4)[1:3].tolist()
            keys += [rest, rest]
    return PchipInterpolator([*times, end - HOLD, end], np.array([*keys, rest, rest]))


def _hand_key(key: Float[np.ndarray, "4"], shape: Handshape, hand: int) -> Float[np.ndarray, "14"]:
    side = (1, 1, 1, 1) if hand == 0 else (-1, 1, 1, 1)
    return np.concatenate([key * side, shape.extension, shape.angle])


def _face_track(
    sentence: tuple[Gloss, ...],
    strokes: list[tuple[float, float]],
    end: float,
    time: Float[np.ndarray, " t"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "t 4"]:
    """Yaw, nod, mouth and eyes: small idle movements, blinks, and the cues on top."""
    face = _smooth_noise(rng, len(time), (4,), every=7) * (0.07, 0.07, 0.06, 0)
    blinks = np.cumsum(rng.uniform(20, 70, size=1 + len(time) // 20))
    face[:, 3] = np.maximum(0, 1.3 - np.abs(np.arange(len(time))[:, None] - blinks) / 1.5).max(1)
    for gloss, (start, stop) in zip(sentence, strokes, strict=True):
        if gloss.cue:
            window = np.linspace(start - CUE_LEAD, stop + CUE_LEAD, len(gloss.cue.levels))
            track = PchipInterpolator([0, *window, end], [0, *gloss.cue.levels, 0])
            face[:, FACE.index(gloss.cue.channel)] += track(time)
    return np.clip(face, (-1.1, -1.1, 0, 0), (1.1, 1.1, 1.1, 1))


def _smooth_noise(
    rng: np.random.Generator, frames: int, shape: tuple[int, ...], every: int
) -> Float[np.ndarray, "t ..."]:
    """Unit-variance noise that changes over about ``every`` frames."""
    knots = np.arange(0, frames + 2 * every, every)
    return PchipInterpolator(knots, rng.standard_normal((len(knots), *shape)))(np.arange(frames))
