"""The page as a server: Gradio's, behind the gate."""

import socket
import threading
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import fastapi
import gradio as gr
import uvicorn
from starlette.types import ASGIApp

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.web.blocks import page_of
from sfsign_jax.web.gate import Gate
from sfsign_jax.web.hosts import bracketed, hosts_of
from sfsign_jax.web.limits import Limits
from sfsign_jax.web.password import asks_for
from sfsign_jax.web.room import Room
from sfsign_jax.web.uploads import keep_sweeping
from sfsign_jax.web.view import HERE, SCRIPTS

OLDEST = 3600  # seconds that an upload is kept which nobody has recognised
CONNECTIONS = 1000
# The visitor's own: nothing to fetch.
FONTS = [gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")]


class Place(NamedTuple):
    """Where the page is, for whom."""

    host: str
    port: int
    allowed: Collection[str] = ()  # hosts that it answers to as well
    root_path: str = ""  # where a proxy has it
    password: str | None = None


def serve(
    recognizer: Recognizer, limits: Limits, place: Place, folder: Path, clip: Path | None = None
) -> None:
    """Serve the page until the process is ended; `folder` is where Gradio puts uploads.

    The page offers `clip` to those who have no video.

    Raises:
        UserError: the port is taken, or the host is not this machine's; or the server has failed.
    """
    config = uvicorn.Config(
        app_of(recognizer, limits, place, folder, clip),
        log_level="warning",
        ws="none",
        limit_concurrency=CONNECTIONS,
    )
    with listening(place.host, place.port) as opened:
        threading.Thread(target=keep_sweeping, args=(folder, OLDEST), daemon=True).start()
        # Not in this thread, where it would wait for open pages before it ends.
        server = threading.Thread(target=uvicorn.Server(config).run, args=([opened],), daemon=True)
        server.start()
        print(f"the page is at {address_of(place)} (Ctrl-C ends it)", flush=True)
        server.join()
    raise UserError("the server of the page has failed: what it said is above")


def address_of(place: Place) -> str:
    """For a browser on this machine."""
    name = "localhost" if place.host == "0.0.0.0" else bracketed(place.host)
    return f"http://{name}:{place.port}{place.root_path}/"


def listening(host: str, port: int) -> socket.socket:
    """
    Raises:
        UserError: the port is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UserError(
            f"the page can't be opened at {host}:{port}: something else is there already, or the "
            "host is another machine's; choose another --port or --host"
        ) from error


def app_of(
    recognizer: Recognizer, limits: Limits, place: Place, folder: Path, clip: Path | None = None
) -> ASGIApp:
    page = page_of(recognizer, limits, clip)
    app = gr.mount_gradio_app(
        fastapi.FastAPI(),
        page,
        "/",
        root_path=place.root_path,
        auth=asks_for(place.password),
        auth_message="Any name will do.",
        max_file_size=round(limits.megabytes * 1e6),
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        theme=gr.themes.Default(font=FONTS, font_mono=[gr.themes.Font("monospace")]),
        css_paths=HERE / "view.css",
        head="".join(f"<script>{(HERE / name).read_text('utf-8')}</script>" for name in SCRIPTS),
    )
    page.is_running = True  # otherwise an SVG file, once uploaded, becomes a part of the page
    functions = [number for number, function in page.fns.items() if function.inputs]
    room = Room(folder, limits.total_megabytes)
    hosts = hosts_of(place.host, place.allowed)
    return Gate(app, hosts, place.root_path, functions, limits.megabytes, room)
