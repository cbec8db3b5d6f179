"""What command lines take."""

import argparse
from collections.abc import Callable
from typing import Any

from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.times import HIGHEST_RATE, LOWEST_RATE


def number_between(least: float, most: float, kind: type = float) -> Callable[[str], float]:
    """The type of an argument, for argparse: a number within bounds, which are inclusive."""

    def number(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return number


positive = number_between(0.001, 1_000_000)  # of seconds, minutes or megabytes
whole = number_between(1, 1_000_000, int)
frame_rate = number_between(LOWEST_RATE, HIGHEST_RATE)  # frames a second
megapixels = number_between(0.001, 2000)  # FFmpeg takes no more

PLATFORM: dict[str, Any] = {
    "choices": ("auto", "cpu", "gpu", "tpu", "metal"),
    "default": "auto",
    "help": "what computes; default: a device that is there, or else the CPU",
}
MAX_MEGAPIXELS: dict[str, Any] = {
    "type": megapixels,
    "default": MAX_PIXELS / 1e6,
    "help": "of a frame; larger ones are refused; default: %(default)g, 8K",
}
