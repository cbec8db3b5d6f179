"""What the page lets in: requests to its hosts, from itself, for what it serves, and no larger."""

import logging
import re
from collections.abc import Collection

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfsign_jax.web.asked import checked
from sfsign_jax.web.bodies import PATIENCE, again, announced, patient
from sfsign_jax.web.edited import transcript_of
from sfsign_jax.web.hosts import Hosts, answers, values
from sfsign_jax.web.refused import RefusedError
from sfsign_jax.web.room import Room
from sfsign_jax.web.view import links_of

logger = logging.getLogger(__name__)

LOGIN = "/login"
UPLOAD = "/gradio_api/upload"
CALLS = ("/gradio_api/queue/join", "/gradio_api/run/predict")
FILES = "/gradio_api/file="
TRANSCRIPT = "/transcript"
# Gradio serves more: it would fetch from other hosts, write files, and tell of the server.
READ = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json)|/(assets|static)/[\w./-]{1,200}"
    r"|/gradio_api/(app_id|upload_progress|queue/data|heartbeat/[A-Za-z0-9]{1,64})"
)
RANGE = re.compile(r"bytes=\d{1,15}-(\d{1,15})?")
SMALL = 0.1  # megabytes that a request may have which uploads nothing
EDITED = 1.0  # and an edited timeline: room for ten thousand glosses


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
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            # Events of somebody whom Gradio doesn't know: it says so when its answer has begun.
            await send({"type": "http.response.body"})

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if not answers(self.hosts, scope["headers"]):
            raise RefusedError(403, "the page is not served by this name, nor to other pages")
        if self.root_path and path == self.root_path:
            await RedirectResponse(path + "/")(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            if not READ.fullmatch(path) and path.removeprefix(FILES) not in self.room.videos():
                raise RefusedError(404, "there is nothing here")
            if not all(RANGE.fullmatch(part) for part in values(scope["headers"], b"range")):
                raise RefusedError(416, "there is no such part of it")
            await self.app(scope, receive, send)
        elif scope["method"] != "POST" or path not in (LOGIN, UPLOAD, TRANSCRIPT, *CALLS):
            raise RefusedError(404, "there is nothing here")
        elif path == UPLOAD:
            size = announced(scope, self.megabytes)
            with self.room.taken(size, patient(receive)) as receive:
                await self.upload(scope, receive, send)
        elif path == TRANSCRIPT:
            announced(scope, EDITED)
            await self.write(scope, patient(receive), send)
        else:
            announced(scope, SMALL)
            if path in CALLS:
                body = await Request(scope, receive).body()
                receive = again(checked(body, self.functions, self.room.videos()), receive)
            await self.app(scope, receive, send)

    async def write(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the files of an edited timeline."""
        if not await entered(self.app, scope):
            raise RefusedError(401, "the page asks for its password first: open it again")
        transcript = transcript_of(await Request(scope, receive).body())
        links = await run_in_threadpool(links_of, transcript)
        await JSONResponse(links)(scope, receive, send)

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        failed = False

        async def sent(message: Message) -> None:
            nonlocal failed
            failed = failed or message.get("status") == 500
            if not failed:
                await send(message)

        try:
            await self.app(scope, receive, sent)
        except ClientDisconnect as error:
            raise RefusedError(408, f"the upload stood still for {PATIENCE} seconds") from error
        except OSError as error:
            logger.warning("an upload can't be kept: %s", error)
            raise RefusedError(507, f"the video can't be kept here: {error.strerror}") from error
        except (AttributeError, TypeError) as error:  # Gradio's, at fields that are no files
            raise RefusedError(400, "this is no upload of a video") from error


async def entered(app: ASGIApp, scope: Scope) -> bool:
    """Has the visitor given the page's password, if it has one? Gradio knows."""
    statuses = []

    async def sent(message: Message) -> None:
        statuses.append(message.get("status"))

    path = "/gradio_api/login_check"
    asked = {**scope, "method": "GET", "path": path, "raw_path": path.encode()}
    await app(asked, again(b"", disconnected), sent)
    return statuses[0] == 200


async def disconnected() -> Message:
    return {"type": "http.disconnect"}


def below(root_path: str, scope: Scope) -> Scope:
    """A request without the path that a proxy serves the page at; some proxies cut it off."""
    path = scope["path"]
    if root_path and path.startswith(root_path + "/"):
        path = path.removeprefix(root_path)
    return {**scope, "path": path, "raw_path": path.encode()}


def said(refusal: RefusedError, path: str) -> PlainTextResponse | JSONResponse:
    """In the form that Gradio's script shows."""
    if path.endswith(CALLS):
        return JSONResponse({"detail": refusal.sentence}, refusal.status)
    return PlainTextResponse(refusal.sentence, refusal.status)
