"""The room that visitors' videos may take on the disk, all together."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from starlette.types import Message, Receive

from sfsign_jax.web.refused import RefusedError

SMALLEST = 100_000  # as which a file counts: a million empty ones fill a disk too


class Room:
    """Counts what lies in `folder`, and what is announced and still to come.

    For one thread: the server's.
    """

    def __init__(self, folder: Path, megabytes: float) -> None:
        self.folder = folder
        self.most = megabytes * 1e6
        self.coming = 0
        self.uploads = 0

    def videos(self) -> set[str]:
        """Whole ones, each in a folder."""
        return {str(file) for file in self.folder.glob("*/*")}

    @contextlib.contextmanager
    def taken(self, size: int, receive: Receive) -> Iterator[Receive]:
        """Room for a request's body while it comes in through what this gives.

        Raises:
            RefusedError: there is no room.
        """
        if used(self.folder) + self.coming + max(size, SMALLEST) > self.most:
            raise RefusedError(503, "too many videos are here already: try again in a few minutes")
        left = size

        async def counting() -> Message:
            nonlocal left
            message = await receive()
            come = min(left, len(message.get("body", b"")))
            self.coming -= come
            left -= come
            return message

        self.coming += size
        self.uploads += 1
        try:
            yield counting
        finally:
            self.coming -= left
            self.uploads -= 1
            if not self.uploads:
                delete_rests(self.folder)


def used(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            if file.is_file():
                total += max(file.stat().st_size, SMALLEST)
    return total


def delete_rests(folder: Path) -> None:
    """Of uploads that broke off: what lies in no folder."""
    for file in folder.iterdir():
        if file.is_file():
            file.unlink(missing_ok=True)
