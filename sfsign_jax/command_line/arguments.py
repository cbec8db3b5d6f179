"""What command lines take."""

import argparse
from typing import Any

from sfsign_jax.data.frames import MAX_PIXELS


def positive(text: str) -> float:
    """A number above 0, for argparse."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def megapixels(text: str) -> float:
    """The size of a picture, for argparse."""
    number = positive(text)
    if number > 2000:
        raise argparse.ArgumentTypeError(f"{text} is more than FFmpeg takes: at most 2000")
    return number


MAX_MEGAPIXELS: dict[str, Any] = {
    "type": megapixels,
    "default": MAX_PIXELS / 1e6,
    "help": "of a frame; larger ones are refused; default: %(default)g, 8K",
}
