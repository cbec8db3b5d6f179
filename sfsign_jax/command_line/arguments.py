"""What command lines take."""

import argparse

MOST = 1e6  # seconds, megabytes, frames a second: more of them are a slip of the finger


def positive(text: str) -> float:
    """A number above 0, for argparse."""
    number = float(text)
    if not 0 < number <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number up to {MOST:.0f}")
    return number


def whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text)
    if not 0 < number <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to {MOST:.0f}")
    return number
