"""Finds when glosses that are known to be signed in a video are signed.

python -m sfsign_jax.align --checkpoint DIR --glosses "RAIN SUN" VIDEO_OR_FRAME_FOLDER

They are taken to be all of its glosses, in their order. Files are written beside the video, or to
the folder --output.
"""

from pathlib import Path

from sfsign_jax.command_line.arguments import video_parser
from sfsign_jax.command_line.run import run_command_line


def main() -> None:
    parser = video_parser("align", __doc__)
    add = parser.add_argument
    add("--glosses", required=True, help="all that are signed, separated by spaces")
    add("video", type=Path, help="a video file or a folder of frames")
    arguments = parser.parse_args()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognition import align_video, check_output
    from sfsign_jax.command_line.recognizer import load_recognizer
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices

    check_output(arguments)
    devices.start(arguments.platform, probe_recognition)
    align_video(load_recognizer(arguments.checkpoint), arguments.video, arguments)


if __name__ == "__main__":
    run_command_line(main)
