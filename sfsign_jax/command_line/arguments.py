"""What command lines take."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.times import HIGHEST_RATE, LOWEST_RATE
from sfsign_jax.transcripts import WRITERS


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

CHECKPOINT = (
    "a checkpoint: a folder, hf://owner/name[@revision], https://….zip, or example, which is "
    "installed with the package"
)
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

FORMATS = ("timeline", "text", *WRITERS)


def video_parser(command: str, description: str) -> argparse.ArgumentParser:
    """The arguments of the commands that write down what is signed in videos."""
    parser = argparse.ArgumentParser(
        prog=f"python -m sfsign_jax.{command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, metavar="NAME", help=CHECKPOINT)
    add("--output", type=Path, help="folder of the files; default: beside each video")
    add(
        "--format",
        action="append",
        choices=FORMATS,
        help="what to write beside what is printed, several if given several times; eaf is ELAN's, "
        "text is nothing; default: timeline, a picture of each sentence",
    )
    add(
        "--frame_rate",
        type=frame_rate,
        help="show videos at so many frames a second; default: as in training, where the "
        "checkpoint knows it, or else as they are",
    )
    add("--max_megapixels", **MAX_MEGAPIXELS)
    add("--platform", **PLATFORM)
    return parser
