"""Glosses as they come, from a camera or from a video file that is still being written.

python -m sfsign_jax.live --checkpoint DIR [--camera 0 | --follow FILE] [--delay 1]

A gloss is printed once it is --delay seconds old: the longer, the more of what follows it the
network has seen (docs/recognition.md has the trade). Ctrl-C ends it.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import CHECKPOINT, PLATFORM, number_between, positive
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.text import printable


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognizer import load_recognizer
    from sfsign_jax.data.live_sources import camera_frames, followed_frames
    from sfsign_jax.data.times import USUAL_RATE
    from sfsign_jax.recognition.live import live_glosses
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices

    devices.start(arguments.platform, probe_recognition)
    recognizer = load_recognizer(arguments.checkpoint)
    rate = recognizer.preprocessing.frame_rate or USUAL_RATE
    if arguments.follow:
        frames = followed_frames(arguments.follow, rate, arguments.idle)
    else:
        frames = camera_frames(arguments.camera, rate)
    glosses = live_glosses(
        recognizer,
        frames,
        delay_frames=round(arguments.delay * rate),
        hop_frames=round(arguments.every * rate),
    )
    try:
        for gloss, (first, last) in glosses:
            print(
                f"{first / rate:8.2f} - {(last + 1) / rate:6.2f} s  {printable(gloss)}", flush=True
            )
    except KeyboardInterrupt:
        print()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.live",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, metavar="NAME", help=CHECKPOINT)
    add(
        "--camera",
        type=number_between(0, 1000, int),
        default=0,
        metavar="NUMBER",
        help="which camera; default: 0",
    )
    add("--follow", type=Path, metavar="FILE", help="a file that grows: mkv, webm or ts")
    add("--idle", type=positive, default=5, help="seconds without growth that end a file")
    add("--delay", type=positive, default=1, help="seconds; default: 1")
    add("--every", type=positive, default=0.5, help="seconds between two looks; default: 0.5")
    add("--platform", **PLATFORM)
    return parser.parse_args()


if __name__ == "__main__":
    run_command_line(main)
