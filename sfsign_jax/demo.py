"""A page in the browser that recognises the signing in a video, uploaded or from the camera.

python -m sfsign_jax.demo --checkpoint DIR

Only this machine can open it, unless --host says otherwise; there is no password. Videos are
deleted once recognised.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from sfsign_jax.command_line.arguments import number_between, positive
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.probe import probe_recognition
from sfsign_jax.recognition.recognizer import load
from sfsign_jax.runtime import devices


def main() -> None:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder is deleted then, too
    with tempfile.TemporaryDirectory(prefix="sfsign_jax-") as folder:
        # Gradio reads these when it is imported; some of its uploads go to Python's folder.
        os.environ |= {"GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        tempfile.tempdir = folder
        try:
            from sfsign_jax.web import Limits, open_page
        except ModuleNotFoundError as error:
            if error.name != "gradio":
                raise
            raise UserError("the page needs Gradio: pip install 'sfsign_jax[demo]'") from error
        devices.start(arguments.platform, probe_recognition)
        recognizer = load(arguments.checkpoint)
        limits = Limits(arguments.max_megabytes, arguments.max_minutes)
        page = open_page(recognizer, limits, arguments.host, arguments.port, Path(folder))
        print(f"the page is at {page.local_url} (Ctrl-C ends it)", flush=True)
        page.block_thread()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, type=Path, help="a checkpoint folder")
    add("--host", default="127.0.0.1", help="where to listen; 0.0.0.0 is open to the network")
    add("--port", type=number_between(1, 65_535, int), default=7860)
    add("--max_megabytes", type=positive, default=200, help="of a video")
    add("--max_minutes", type=positive, default=10, help="of a video")
    add("--platform", default="auto", choices=devices.PLATFORMS, help="what computes")
    return parser.parse_args()


if __name__ == "__main__":
    run_command_line(main)
