"""How long a clip is and how many glosses it holds."""

import numpy as np


def demo_length(rng: np.random.Generator, speed: float) -> tuple[int, int]:
    """Short clips of 1 to 3 glosses, about 8 frames each: (glosses, frames)."""
    glosses = int(rng.choice((1, 2, 3), p=(0.1, 0.45, 0.45)))
    return glosses, round((8.2 * glosses + 6 + rng.uniform(-1.5, 1.5)) / speed)


def slow_length(rng: np.random.Generator, speed: float) -> tuple[int, int]:
    """1 to 3 glosses at two to four times the length of the demo's: (glosses, frames)."""
    glosses = int(rng.choice((1, 2, 3), p=(0.1, 0.45, 0.45)))
    return glosses, round((8.2 * glosses + 9.2) * rng.uniform(1.9, 3.9) / speed)


def phoenix_length(rng: np.random.Generator, speed: float) -> tuple[int, int]:
    """Clips as long as PHOENIX2014's, about 12 frames a gloss: (glosses, frames).

    Frames: mean 141, median 138, 99 % below 240, none above 299; a few as short as 16. A gamma
    distribution has that shape, but for the short clips, which are drawn apart.
    """
    frames = 300.0
    while frames > 299:
        frames = rng.uniform(16, 60) if rng.random() < 0.02 else rng.gamma(16, 143 / 16)
    return max(2, round(frames * speed / 12)), max(16, round(frames))
