"""The bodies of requests: how large, how fast, and another in their place."""

import asyncio
import re

from starlette.types import Message, Receive, Scope

from sfsign_jax.web.hosts import values
from sfsign_jax.web.refused import RefusedError

SIZE = re.compile(r"\d{1,15}")
ENVELOPE = 10_000  # bytes around what a request brings
PATIENCE = 60  # seconds that an upload may stand still


def announced(scope: Scope, megabytes: float) -> int:
    """The size of a request in bytes.

    Raises:
        RefusedError: it doesn't tell, or is too large.
    """
    headers = scope["headers"]
    [size, *others] = values(headers, b"content-length") or [""]
    if not SIZE.fullmatch(size) or others or values(headers, b"transfer-encoding"):
        raise RefusedError(411, "a request has to tell its size")
    if int(size) > megabytes * 1e6 + ENVELOPE:
        raise RefusedError(413, f"this is larger than {megabytes:g} MB")
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
