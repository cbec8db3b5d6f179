"""The signers: how each one looks and how fast each one signs. Data only."""

from dataclasses import dataclass
from typing import Literal

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Signer:
    """Colours are RGB; ``size`` scales the whole figure, ``speed`` the pace of signing."""

    name: str
    skin: Rgb
    clothes: Rgb
    background: Rgb
    hair: Rgb
    hair_style: Literal["short", "long", "bun", "curly"]
    sleeve: float  # how much of the forearm is covered, 0 to 1
    size: float
    shoulders: float  # half the shoulder width, in frame heights
    speed: float


# The hands must stand out from clothes and background alike: light skin before dark colours,
# dark skin before light ones.
SIGNERS = (
    Signer(
        name="anna", skin=(244, 200, 168), clothes=(40, 52, 104), background=(58, 112, 124),
        hair=(92, 54, 30), hair_style="long", sleeve=0.9, size=0.98, shoulders=0.175, speed=1.0,
    ),
    Signer(
        name="ben", skin=(104, 66, 44), clothes=(246, 240, 222), background=(196, 214, 232),
        hair=(30, 24, 24), hair_style="short", sleeve=0.9, size=1.04, shoulders=0.2, speed=0.94,
    ),
    Signer(
        name="clara", skin=(224, 172, 128), clothes=(24, 78, 70), background=(84, 82, 124),
        hair=(36, 28, 28), hair_style="bun", sleeve=0.2, size=0.95, shoulders=0.17, speed=1.08,
    ),
    Signer(
        name="david", skin=(84, 54, 40), clothes=(250, 204, 92), background=(214, 226, 206),
        hair=(24, 20, 20), hair_style="short", sleeve=0.9, size=1.02, shoulders=0.2, speed=1.0,
    ),
    Signer(
        name="emma", skin=(236, 186, 150), clothes=(112, 24, 52), background=(66, 84, 108),
        hair=(196, 120, 52), hair_style="bun", sleeve=0.5, size=1.0, shoulders=0.18, speed=1.03,
    ),
    Signer(
        name="felix", skin=(250, 212, 186), clothes=(52, 96, 60), background=(96, 104, 96),
        hair=(220, 180, 100), hair_style="curly", sleeve=0.2, size=1.05, shoulders=0.2, speed=0.9,
    ),
    Signer(
        name="grace", skin=(72, 46, 34), clothes=(240, 226, 236), background=(226, 204, 178),
        hair=(20, 16, 16), hair_style="long", sleeve=0.9, size=0.94, shoulders=0.17, speed=1.1,
    ),
    Signer(
        name="hugo", skin=(214, 160, 116), clothes=(44, 44, 52), background=(104, 74, 78),
        hair=(60, 40, 28), hair_style="short", sleeve=0.9, size=1.0, shoulders=0.175, speed=1.0,
    ),
    Signer(
        name="ida", skin=(240, 194, 164), clothes=(90, 40, 110), background=(58, 92, 88),
        hair=(150, 150, 156), hair_style="long", sleeve=0.6, size=0.97, shoulders=0.175, speed=0.96,
    ),
)  # fmt: skip
