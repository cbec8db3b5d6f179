"""What the page lets in: requests to its hosts, from itself, for what it serves, and no larger."""

import asyncio
import re
from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfsign_jax.web.asked import checked
from sfsign_jax.web.hosts import Hosts, answers, values
from sfsign_jax.web.refused import RefusedError
from sfsign_jax.web.room import Room

LOGIN = "/login"
UPLOAD = "/gradio_api/upload"
CALLS = ("/gradio_api/queue/join", "/gradio_api/run/predict")
FILES = "/gradio_api/file="
# Gradio serves more: it would fetch from other hosts, write files, and tell of the server.
READ = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|logout)"
    r"|/(assets|static|svelte)/.+"
    r"|/gradio_api/(info|app_id|startup-events|theme\.css|upload_progress|queue/data)"
    r"|/gradio_api/heartbeat/[A-Za-z0-9]{1,64}"
)
SMALL = 100_000  # bytes that a request may have which uploads nothing
ENVELOPE = 10_000  # bytes around an uploaded video
PATIENCE = 60  # seconds that an upload may stand still


class Gate:
    """In front of `app`, Gradio's server."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Hosts,
        root_path: str,
        functions: Collection[int],
        megabytes: float,
        room: Room,
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.root_path = root_path
        self.functions = functions
        self.megabytes = megabytes
        self.room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            await self.pass_on(below(self.root_path, scope), receive, send)
        except RefusedError as refusal:
            await said(refusal, scope["path"])(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is left to be told
        except HTTPException:  # within a stream of events, which has begun
            await send({"type": "http.response.body"})

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if not answers(self.hosts, scope["headers"]):
            raise RefusedError(403, "the page is not served by this name, nor to other pages")
        if scope["method"] in ("GET", "HEAD"):
            if not READ.fullmatch(path) and not path.startswith(f"{FILES}{self.room.folder}/"):
                raise RefusedError(404, "there is nothing here")
            await self.app(scope, receive, send)
        elif scope["method"] != "POST" or path not in (LOGIN, UPLOAD, *CALLS):
            raise RefusedError(404, "there is nothing here")
        elif path == UPLOAD:
            size = announced(scope, self.megabytes * 1e6 + ENVELOPE)
            with self.room.taken(size, patient(receive)) as receive:
                await self.app(scope, receive, send)
        else:
            announced(scope, SMALL)
            if path in CALLS:
                body = await Request(scope, receive).body()
                receive = again(checked(body, self.functions, self.room.folder), receive)
            await self.app(scope, receive, send)


def below(root_path: str, scope: Scope) -> Scope:
    """Proxies strip the path that they serve the page at, or don't."""
    path = scope["path"]
    if root_path and path.startswith(root_path + "/"):
        path = path.removeprefix(root_path)
    return {**scope, "path": path, "raw_path": path.encode()}


def announced(scope: Scope, most: float) -> int:
    """The size of a request.

    Raises:
        RefusedError: it doesn't tell, or is too large.
    """
    headers = scope["headers"]
    [size, *others] = values(headers, b"content-length") or [""]
    if not size.isdecimal() or others or values(headers, b"transfer-encoding"):
        raise RefusedError(411, "a request has to tell its size")
    if int(size) > most:
        raise RefusedError(413, f"this has {int(size) / 1e6:.1f} MB, more than {most / 1e6:g} MB")
    return int(size)


def patient(receive: Receive) -> Receive:
    async def received() -> Message:
        try:
            return await asyncio.wait_for(receive(), PATIENCE)
        except TimeoutError:
            return {"type": "http.disconnect"}

    return received


def again(body: bytes, receive: Receive) -> Receive:
    """Gives `body`, and then what else there is."""
    messages = [{"type": "http.request", "body": body}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def said(refusal: RefusedError, path: str) -> PlainTextResponse | JSONResponse:
    """In the form that Gradio's script shows."""
    if path.endswith(CALLS):
        return JSONResponse({"detail": refusal.sentence}, refusal.status)
    return PlainTextResponse(refusal.sentence, refusal.status)
