"""Exports a recogniser as one file: a program that needs nothing but jax and numpy, or ONNX.

python -m sfsign_jax.export --checkpoint DIR --output FILE [--platforms cpu,cuda,tpu]
python -m sfsign_jax.export --checkpoint DIR --output FILE.onnx --format onnx

The program gives glosses and their frames. Whoever runs or loads it runs what is in it: take such a
file only from people you would run a program from. The ONNX file is the network alone, from frames
to logits, for ONNX Runtime in any language; its metadata have the vocabulary (docs/onnx.md).
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import CHECKPOINT
from sfsign_jax.command_line.run import run_command_line

EXPORT_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
DEFAULT_PLATFORMS = ("cpu", "cuda", "tpu")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", required=True, metavar="NAME", help=CHECKPOINT)
    parser.add_argument("--output", required=True, type=Path, help="the file to write")
    parser.add_argument(
        "--format", choices=("jax", "onnx"), default="jax", help="default: jax, the program"
    )
    parser.add_argument(
        "--platforms",
        type=platforms,
        help=f"where the program will run; default: {','.join(DEFAULT_PLATFORMS)}",
    )
    arguments = parser.parse_args()
    if arguments.format == "onnx" and arguments.platforms:
        parser.error("--platforms is for the program: ONNX files know no platform, leave it out")
    if arguments.format == "jax" and arguments.output.suffix == ".onnx":
        parser.error(f"{arguments.output} would be no ONNX file: add --format onnx, or rename it")

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.command_line.recognizer import load_recognizer

    if arguments.format == "onnx":
        from sfsign_jax.exporting.onnx_file import write_onnx
    else:
        from sfsign_jax.exporting.artifact import write_artifact
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.runtime import devices

    devices.start("cpu", probe_recognition)
    recognizer = load_recognizer(arguments.checkpoint)
    if arguments.format == "onnx":
        write_onnx(arguments.output, recognizer)
        print(f"{arguments.output}: for ONNX Runtime (docs/onnx.md)")
        return
    chosen = arguments.platforms or DEFAULT_PLATFORMS
    write_artifact(arguments.output, recognizer, chosen)
    print(f"{arguments.output}: for {', '.join(chosen)}")
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
