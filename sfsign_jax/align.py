"""Finds when glosses that are known to be signed in a video are signed.

python -m sfsign_jax.align --checkpoint DIR --glosses "RAIN SUN" VIDEO_OR_FRAME_FOLDER

They are taken to be all of its glosses, in their order. Files are written beside the video, or to
the folder --output.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import MAX_MEGAPIXELS, PLATFORM, frame_rate
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.transcripts import WRITERS

FORMATS = ("timeline", "text", *WRITERS)


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognition import align_video
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.recognition.recognizer import load
    from sfsign_jax.runtime import devices

    if arguments.output and not arguments.output.is_dir():
        raise UserError(f"there is no folder {arguments.output} to write to")
    devices.start(arguments.platform, probe_recognition)
    align_video(load(arguments.checkpoint), arguments.video, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.align",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, type=Path, help="a checkpoint folder")
    add("--glosses", required=True, help="all that are signed, separated by spaces")
    add("--output", type=Path, help="folder of the files; default: beside the video")
    add(
        "--format",
        action="append",
        choices=FORMATS,
        help="what to write beside what is printed, several if given several times; eaf is ELAN's, "
        "text is nothing; default: timeline, a picture",
    )
    add(
        "--frame_rate",
        type=frame_rate,
        help="show the video at so many frames a second; default: as in training, where the "
        "checkpoint knows it, or else as it is",
    )
    add("--max_megapixels", **MAX_MEGAPIXELS)
    add("--platform", **PLATFORM)
    add("video", type=Path, help="a video file or a folder of frames")
    arguments = parser.parse_args()
    arguments.format = arguments.format or ["timeline"]
    return arguments


if __name__ == "__main__":
    run_command_line(main)
