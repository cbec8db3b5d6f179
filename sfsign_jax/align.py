"""Finds when glosses that are known to be signed in a video are signed.

python -m sfsign_jax.align --checkpoint DIR --glosses "RAIN SUN" VIDEO_OR_FRAME_FOLDER
python -m sfsign_jax.align --checkpoint DIR --table corpus.csv
python -m sfsign_jax.align --checkpoint DIR --prepared phoenix2014 --split train

They are taken to be all of its glosses, in their order. Files are written beside each video, or to
the folder --output; of a prepared split one table, to the folder alignment/SPLIT beside the
checkpoint, or --output. An interrupted run of a split goes on where it was when started again.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import video_parser
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.catalog import PREPARED_DIR


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognition import align_table, align_video, check_output
    from sfsign_jax.command_line.recognizer import load_recognizer
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices
    from sfsign_jax.text import clean_text

    if arguments.prepared is None:
        check_output(arguments)
    devices.start(arguments.platform, probe_recognition)
    recognizer = load_recognizer(arguments.checkpoint)
    if arguments.prepared is not None:
        # Prepared datasets are read by packages that videos do without.
        from sfsign_jax.command_line.split_alignment import align_prepared

        align_prepared(recognizer, arguments)
    elif arguments.table is not None:
        align_table(recognizer, arguments)
    else:
        glosses = clean_text(arguments.glosses, "--glosses").split()
        align_video(recognizer, arguments.video, glosses, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = video_parser("align", __doc__)
    parser.usage = (
        "%(prog)s --checkpoint DIR [options]\n"
        "       (VIDEO --glosses GLOSSES | --table CSV | --prepared NAME --split SPLIT)"
    )
    of = parser.add_mutually_exclusive_group(required=True).add_argument
    of("video", nargs="?", type=Path, metavar="VIDEO", help="a video file or a folder of frames")
    of("--table", type=Path, metavar="CSV", help="a corpus.csv: videos, with the glosses of each")
    of("--prepared", metavar="NAME", help="a prepared dataset, such as phoenix2014")
    add = parser.add_argument
    add("--glosses", help="of the video: all that are signed, separated by spaces")
    add("--allow_outside", action="store_true", help="the table may name videos elsewhere")
    add("--split", help="of the prepared dataset, such as train")
    add(
        "--prepared_dir",
        type=Path,
        default=Path(PREPARED_DIR),
        help="where prepared datasets are kept; default: %(default)s",
    )
    arguments = parser.parse_args()
    if (arguments.video is None) != (arguments.glosses is None):
        parser.error("VIDEO and --glosses go together; a table and a prepared split have theirs")
    if (arguments.prepared is None) != (arguments.split is None):
        parser.error("--prepared and --split go together")
    if arguments.prepared is not None and (arguments.format or arguments.frame_rate):
        parser.error("--prepared has neither --format nor --frame_rate: it writes one table")
    return arguments


if __name__ == "__main__":
    run_command_line(main)
