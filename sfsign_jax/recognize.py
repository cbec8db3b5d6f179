"""Recognises the signing in videos of any length.

python -m sfsign_jax.recognize --checkpoint DIR VIDEO_OR_FRAME_FOLDER ...

Prints the glosses of every sentence as soon as it has ended. A sentence ends where no gloss is
seen for a while (--pause). Files are written beside each video, or to the folder --output.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from sfsign_jax.command_line.arguments import MAX_MEGAPIXELS, PLATFORM, frame_rate, positive
from sfsign_jax.command_line.run import print_error, run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.sentences import PAUSE_FRAMES
from sfsign_jax.transcripts import WRITERS

FORMATS = ("timeline", "text", *WRITERS)


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognition import recognize_video, stem_of
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.recognition.recognizer import load
    from sfsign_jax.runtime import devices

    videos = arguments.videos
    if arguments.output and not arguments.output.is_dir():
        raise UserError(f"there is no folder {arguments.output} to write to")
    if arguments.explain:
        check_names([stem_of(video, arguments.explain) for video in videos])
        arguments.explain.mkdir(parents=True, exist_ok=True)
    check_names([stem_of(video, arguments.output) for video in videos])
    devices.start(arguments.platform, probe_recognition)
    recognizer = load(arguments.checkpoint)
    failures = 0
    for video in videos:
        try:
            recognize_video(recognizer, video, arguments)
        except UserError as error:
            if len(videos) == 1:
                raise
            print_error(f"error: {error}")
            failures += 1
    if failures:
        print(f"{failures} of {len(videos)} videos could not be recognised", file=sys.stderr)
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.recognize",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, type=Path, help="a checkpoint folder")
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
    add(
        "--pause",
        type=positive,
        metavar="SECONDS",
        help=f"how long no gloss is seen between two sentences; default: {PAUSE_FRAMES} frames",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="a folder for a picture of each gloss: where the network looked, and when",
    )
    add("--max_megapixels", **MAX_MEGAPIXELS)
    add("--platform", **PLATFORM)
    add("videos", nargs="+", type=Path, help="video files or folders of frames")
    arguments = parser.parse_args()
    arguments.format = arguments.format or ["timeline"]
    return arguments


def check_names(stems: list[Path]) -> None:
    """Raises UserError where two videos would be written to the same files."""
    for stem, number in Counter(stems).items():
        if number > 1:
            raise UserError(
                f"{number} of the videos are called {stem.name}: what is written for them would "
                "have the same name; recognise them one after the other, with different --output"
            )


if __name__ == "__main__":
    run_command_line(main)
