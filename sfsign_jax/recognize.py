"""Recognises the signing in videos of any length.

python -m sfsign_jax.recognize --checkpoint DIR VIDEO_OR_FRAME_FOLDER ...
python -m sfsign_jax.recognize --checkpoint example

Prints the glosses of every sentence as soon as it has ended. A sentence ends where no gloss is
seen for a while (--pause). Files are written beside each video, or to the folder --output. The
example, a small model of invented signs that is installed with the package, brings a clip.
"""

import argparse
import functools
from pathlib import Path

from sfsign_jax.command_line.arguments import positive, video_parser
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.example import CLIP, is_example


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognition import (
        check_names,
        check_output,
        each_video,
        recognize_video,
    )
    from sfsign_jax.command_line.recognizer import load_recognizer
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices

    videos = arguments.videos
    check_output(arguments)
    if arguments.explain:
        check_names(videos, arguments.explain)
        arguments.explain.mkdir(parents=True, exist_ok=True)
    check_names(videos, arguments.output)
    devices.start(arguments.platform, probe_recognition)
    recognizer = load_recognizer(arguments.checkpoint)
    work = [functools.partial(recognize_video, recognizer, video, arguments) for video in videos]
    each_video(work, "recognised")


def parse_arguments() -> argparse.Namespace:
    parser = video_parser("recognize", __doc__)
    add = parser.add_argument
    add(
        "--pause",
        type=positive,
        metavar="SECONDS",
        help="how long no gloss is seen between two sentences; default: 25 frames, and longer for "
        "a checkpoint whose signs take longer",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="a folder for a picture of each gloss: where the network looked, and when",
    )
    add("videos", nargs="*", type=Path, help="video files or folders of frames")
    arguments = parser.parse_args()
    if not arguments.videos:
        if not is_example(arguments.checkpoint):
            parser.error("give a video file or a folder of frames")
        arguments.videos = [CLIP]
        arguments.output = arguments.output or Path()
    return arguments


if __name__ == "__main__":
    run_command_line(main)
