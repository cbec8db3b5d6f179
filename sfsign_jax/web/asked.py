"""What a visitor's browser may ask about a video: no more than the page's own script asks."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from sfsign_jax.web.refused import RefusedError


class Upload(msgspec.Struct):
    path: str


class Asked(msgspec.Struct):
    """A call of one of the page's functions, in Gradio's words."""

    fn_index: int
    session_hash: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")]
    data: Annotated[list[Upload | None], msgspec.Meta(min_length=1, max_length=1)]
    trigger_id: int | None = None


def checked(body: bytes, functions: Collection[int], videos: Collection[str]) -> bytes:
    """The same call of a function of the page with an uploaded video, and nothing else in it.

    Gradio alone would fetch a video from any address that it is given.

    Raises:
        RefusedError: it asks for something else, or the video is gone.
    """
    try:
        asked = msgspec.json.decode(body, type=Asked)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RefusedError(400, "the page doesn't ask so") from error
    if asked.fn_index not in functions:
        raise RefusedError(400, "the page has no such function")
    [video] = asked.data
    if video and video.path not in videos:
        raise RefusedError(410, "the video is no longer here: choose it again")
    file = video and {"path": video.path, "meta": {"_type": "gradio.FileData"}}
    return msgspec.json.encode(msgspec.to_builtins(asked) | {"data": [file]})
