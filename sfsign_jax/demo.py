"""A page in the browser that recognises the signing in a video, uploaded or from the camera.

python -m sfsign_jax.demo --checkpoint DIR

Only this machine can open it, unless --host says otherwise. Videos are deleted once recognised.
"""

import argparse
import contextlib
import logging
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

from sfsign_jax.command_line.arguments import (
    CHECKPOINT,
    MAX_MEGAPIXELS,
    PLATFORM,
    number_between,
    positive,
)
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.example import CLIP, is_example

PASSWORD = "SFSIGN_JAX_PASSWORD"


def main() -> None:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder is deleted then, too
    with tempfile.TemporaryDirectory(prefix="sfsign_jax-") as temporary:
        tempfile.tempdir = temporary
        uploads = Path(temporary).resolve() / "uploads"
        uploads.mkdir()
        # Gradio reads these when it is imported.
        os.environ |= {"GRADIO_TEMP_DIR": str(uploads), "GRADIO_ANALYTICS_ENABLED": "False"}

        # Nor before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
        from sfsign_jax.command_line.recognizer import load_recognizer
        from sfsign_jax.recognition.probe import probe_recognition
        from sfsign_jax.runtime import devices
        from sfsign_jax.web import Limits, Place, serve
        from sfsign_jax.web.hosts import is_loopback

        password = checked_password(arguments.password)
        if password is None and not is_loopback(arguments.host):
            logging.getLogger(__name__).warning(
                "whoever reaches %s can use the page: give it a --password", arguments.host
            )
        devices.start(arguments.platform, probe_recognition)
        recognizer = load_recognizer(arguments.checkpoint)
        limits = Limits(
            megabytes=arguments.max_megabytes,
            minutes=arguments.max_minutes,
            total_megabytes=arguments.max_total_megabytes,
            megapixels=arguments.max_megapixels,
        )
        place = Place(
            arguments.host, arguments.port, arguments.allow_host, arguments.root_path, password
        )
        with contextlib.suppress(KeyboardInterrupt):  # it says that this ends it
            clip = CLIP if is_example(arguments.checkpoint) else None
            serve(recognizer, limits, place, uploads, clip)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, metavar="NAME", help=CHECKPOINT)
    add("--host", default="127.0.0.1", help="where to listen; 0.0.0.0 is open to the network")
    add("--port", type=number_between(1, 65_535, int), default=7860)
    add(
        "--allow_host",
        action="append",
        default=[],
        type=host_name,
        metavar="NAME",
        help="a name that the page is reached by, such as that of a proxy before it; may be given "
        "several times",
    )
    add("--root_path", type=root_path, default="", help="where a proxy serves the page: /signs")
    add(
        "--password",
        help=f"to be asked for before the page is shown; better given as {PASSWORD} in the "
        "environment, because others can see a command line",
    )
    add("--max_megabytes", type=positive, default=200, help="of a video")
    add("--max_minutes", type=positive, default=10, help="of a video")
    add(
        "--max_total_megabytes",
        type=positive,
        default=2000,
        help="of all videos that are here at a time",
    )
    add("--max_megapixels", **MAX_MEGAPIXELS)
    add("--platform", **PLATFORM)
    arguments = parser.parse_args()
    if arguments.max_total_megabytes < arguments.max_megabytes:
        parser.error("--max_total_megabytes must not be less than --max_megabytes")
    return arguments


def host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", text):
        raise argparse.ArgumentTypeError(f"{text} is no name of a host, such as signs.example.org")
    return text


def root_path(text: str) -> str:
    path = text.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path):
        raise argparse.ArgumentTypeError(f"{text} is no path such as /signs")
    return path


def checked_password(given: str | None) -> str | None:
    """The one that was given or is in the environment.

    Raises:
        UserError: it is empty.
    """
    password = os.environ.get(PASSWORD) if given is None else given
    if password == "":
        raise UserError(f"the password is empty: give another --password, or unset {PASSWORD}")
    return password


if __name__ == "__main__":
    run_command_line(main)
