"""The lexicon: which handshape, movement and non-manual cue make up each gloss. Data only.

The signs are invented; they belong to no sign language. The tables are laid out so that
neither the handshape nor the movement alone tells a gloss.
"""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Literal

Key = tuple[float, float, float, float]


@dataclass(frozen=True)
class Handshape:
    """Five fingers, thumb first.

    ``extension``: 0 folded into the palm, 1 straight. ``angle``: degrees from the hand's axis,
    positive towards the thumb's side.
    """

    name: str
    extension: tuple[float, float, float, float, float]
    angle: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Movement:
    """The path of the dominant wrist, as keys evenly spaced in time.

    A key is (x, y, z, angle): x right of the body's axis and y down from the top, in frame
    heights (the dominant hand is on the left of the image, so at negative x); z towards the
    viewer, in the same unit; angle of the hand in degrees, 0 fingers up, positive towards the
    body's axis. With ``hands == 2`` the other hand mirrors the dominant one.
    """

    name: str
    hands: int
    path: tuple[Key, ...]


@dataclass(frozen=True)
class Cue:
    """A non-manual cue: the levels that one channel of the face takes, evenly in time."""

    name: str
    channel: Literal["yaw", "nod", "mouth"]
    levels: tuple[float, ...]


@dataclass(frozen=True)
class Gloss:
    """One entry of the lexicon; ``category`` is the slot of the grammar that it fills."""

    name: str
    category: Literal["time", "place", "weather", "degree"]
    handshape: Handshape
    movement: Movement
    cue: Cue | None = None


# Thumb, index, middle, ring, little.
FIST = Handshape("fist", (0.1, 0, 0, 0, 0), (-25, 0, 0, 0, 0))
FIVE = Handshape("five", (1, 1, 1, 1, 1), (62, 24, 5, -14, -34))
POINT = Handshape("point", (0.1, 1, 0, 0, 0), (-25, 0, 0, 0, 0))
VEE = Handshape("vee", (0.1, 1, 1, 0, 0), (-25, 24, -16, 0, 0))
FLAT = Handshape("flat", (0.8, 1, 1, 1, 1), (12, 3, 0, -3, -6))
THREE = Handshape("three", (0.1, 1, 1, 1, 0), (-25, 26, 2, -22, 0))
ELL = Handshape("ell", (1, 1, 0, 0, 0), (80, 0, 0, 0, 0))
WYE = Handshape("wye", (1, 0, 0, 0, 1), (70, 0, 0, 0, -38))
HORNS = Handshape("horns", (0.1, 1, 0, 0, 1), (-25, 14, 0, 0, -26))
CLAW = Handshape("claw", (0.6, 0.5, 0.5, 0.5, 0.5), (55, 26, 6, -16, -36))
REST = Handshape("rest", (0.6, 0.75, 0.7, 0.7, 0.7), (25, 4, 1, -3, -7))

_CIRCLE_AT = (0, 45, 90, 135, 180, 225, 270, 315, 360)  # degrees, clockwise from the top

WAVE = Movement("wave", 1, ((-0.24, 0.52, 0.1, 6), (-0.24, 0.82, 0.1, 6), (-0.24, 0.52, 0.1, 6)))
CIRCLE = Movement(
    "circle",
    1,
    tuple(
        (-0.07 + 0.14 * sin(radians(turn)), 0.73 - 0.12 * cos(radians(turn)), 0.12, 8)
        for turn in _CIRCLE_AT
    ),
)
SWEEP = Movement("sweep", 2, ((-0.1, 0.7, 0.2, 4), (-0.28, 0.7, 0.1, -10), (-0.1, 0.7, 0.2, 4)))
TAP = Movement("tap", 1, ((-0.3, 0.43, 0.1, -2), (-0.18, 0.34, 0.08, 6), (-0.3, 0.43, 0.1, -2)))
PUSH = Movement("push", 1, ((-0.15, 0.68, 0.0, 4), (-0.13, 0.66, 0.5, 4), (-0.15, 0.68, 0.0, 4)))
SLASH = Movement("slash", 1, ((-0.28, 0.52, 0.1, 0), (0.08, 0.82, 0.2, 20), (-0.28, 0.52, 0.1, 0)))
TWIST = Movement(
    "twist", 1, ((-0.2, 0.7, 0.15, -40), (-0.2, 0.7, 0.15, 50), (-0.2, 0.7, 0.15, -40))
)
LIFT = Movement("lift", 2, ((-0.2, 0.88, 0.15, 0), (-0.2, 0.7, 0.15, 0), (-0.2, 0.54, 0.15, 0)))
CHIN = Movement("chin", 1, ((-0.07, 0.56, 0.12, 10), (-0.1, 0.6, 0.2, 5), (-0.22, 0.76, 0.4, -15)))
ROOF = Movement("roof", 2, ((-0.1, 0.54, 0.2, 25), (-0.2, 0.66, 0.17, 15), (-0.31, 0.8, 0.15, 5)))

SHAKE = Cue("shake", "yaw", (0, 1, -1, 1, 0))
NOD = Cue("nod", "nod", (0, 1, -0.3, 1, 0))
OPEN_MOUTH = Cue("open mouth", "mouth", (0, 1, 1, 1, 0))

DEMO_LEXICON = (
    Gloss("NOW", "time", POINT, SWEEP),
    Gloss("TODAY", "time", VEE, SWEEP),
    Gloss("TOMORROW", "time", POINT, TAP),
    Gloss("NIGHT", "time", VEE, TAP),
    Gloss("NORTH", "place", POINT, WAVE),
    Gloss("SOUTH", "place", VEE, WAVE),
    Gloss("COAST", "place", POINT, CIRCLE),
    Gloss("MOUNTAIN", "place", VEE, CIRCLE),
    Gloss("RAIN", "weather", FIVE, WAVE),
    Gloss("NO-RAIN", "weather", FIVE, WAVE, SHAKE),
    Gloss("CLOUD", "weather", FIST, WAVE),
    Gloss("SUN", "weather", FIVE, CIRCLE),
    Gloss("WIND", "weather", FIST, CIRCLE),
    Gloss("STORM", "weather", FIST, SWEEP, OPEN_MOUTH),
    Gloss("MUCH", "degree", FIVE, SWEEP),
    Gloss("LITTLE", "degree", FIST, TAP),
)

FULL_LEXICON = (
    *DEMO_LEXICON,
    Gloss("YESTERDAY", "time", FLAT, CHIN),
    Gloss("MORNING", "time", THREE, CHIN),
    Gloss("EVENING", "time", FLAT, PUSH),
    Gloss("WEEKEND", "time", THREE, PUSH),
    Gloss("SOON", "time", FLAT, TWIST),
    Gloss("LATER", "time", THREE, TWIST),
    Gloss("EAST", "place", ELL, SLASH),
    Gloss("WEST", "place", WYE, SLASH),
    Gloss("ALPS", "place", ELL, ROOF),
    Gloss("RIVER", "place", WYE, ROOF),
    Gloss("VALLEY", "place", ELL, LIFT),
    Gloss("ISLAND", "place", WYE, LIFT),
    Gloss("FOREST", "place", HORNS, WAVE),
    Gloss("CITY", "place", HORNS, CIRCLE),
    Gloss("SNOW", "weather", CLAW, LIFT),
    Gloss("NO-SNOW", "weather", CLAW, LIFT, SHAKE),
    Gloss("FOG", "weather", CLAW, SWEEP),
    Gloss("THUNDER", "weather", CLAW, SLASH),
    Gloss("HAIL", "weather", HORNS, SLASH),
    Gloss("WARM", "weather", CLAW, CHIN),
    Gloss("HOT", "weather", CLAW, CHIN, OPEN_MOUTH),
    Gloss("COLD", "weather", CLAW, TWIST),
    Gloss("FROST", "weather", HORNS, TAP),
    Gloss("DRY", "weather", HORNS, LIFT),
    Gloss("STRONG", "degree", FIST, PUSH),
    Gloss("WEAK", "degree", FIVE, PUSH),
    Gloss("OFTEN", "degree", FIVE, TWIST),
    Gloss("SELDOM", "degree", FIST, TWIST),
    Gloss("MAYBE", "degree", FLAT, CIRCLE),
    Gloss("CERTAIN", "degree", FLAT, CIRCLE, NOD),
)
