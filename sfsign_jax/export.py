"""Exports a recogniser as one file that needs nothing but jax and numpy.

python -m sfsign_jax.export --checkpoint DIR --output FILE [--platforms cpu,cuda,tpu]

The file is a program, and whoever runs or loads it runs what is in it: take such a file only from
people you would run a program from.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import CHECKPOINT
from sfsign_jax.command_line.run import run_command_line

EXPORT_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", required=True, metavar="NAME", help=CHECKPOINT)
    parser.add_argument("--output", required=True, type=Path, help="the file to write")
    parser.add_argument(
        "--platforms",
        type=platforms,
        default=("cpu", "cuda", "tpu"),
        help="where it will run; default: cpu,cuda,tpu",
    )
    arguments = parser.parse_args()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognizer import load_recognizer
    from sfsign_jax.exporting.artifact import write_artifact
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices

    devices.start("cpu", probe_recognition)
    write_artifact(arguments.output, load_recognizer(arguments.checkpoint), arguments.platforms)
    print(f"{arguments.output}: for {', '.join(arguments.platforms)}")
    print(f"  python {arguments.output} frames.npy")


def platforms(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(EXPORT_PLATFORMS):
        raise argparse.ArgumentTypeError(
            f"{', '.join(sorted(unknown))}: choose of {', '.join(EXPORT_PLATFORMS)}"
        )
    return chosen


if __name__ == "__main__":
    run_command_line(main)
