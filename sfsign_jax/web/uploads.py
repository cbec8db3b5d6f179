"""The videos that visitors have uploaded, each for as long as one of them needs it."""

import contextlib
import threading
import time
from pathlib import Path


class Uploads:
    """Which visitor holds which video. Two may hold the same: equal videos share one file."""

    def __init__(self) -> None:
        self._held: dict[str, Path] = {}
        self._lock = threading.Lock()

    def hold(self, visitor: str, video: Path) -> None:
        """In place of the one held before."""
        with self._lock:
            self._release(visitor, video)
            self._held[visitor] = video

    def held(self, visitor: str) -> Path | None:
        return self._held.get(visitor)

    def release(self, visitor: str, video: Path | None = None) -> None:
        """Delete the visitor's video, unless somebody else holds it; with `video` only that one."""
        with self._lock:
            if video in (None, self._held.get(visitor)):
                self._release(visitor)

    def _release(self, visitor: str, but: Path | None = None) -> None:
        video = self._held.pop(visitor, None)
        if video and video != but and video not in self._held.values():
            delete(video)


def delete(video: Path) -> None:
    video.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: the same video under another name
        video.parent.rmdir()


def keep_sweeping(folder: Path, age: float, every: float = 60) -> None:
    """`sweep` every so many seconds, for ever."""
    while True:
        sweep(folder, age)
        time.sleep(every)


def sweep(folder: Path, age: float) -> None:
    """Delete what is older than `age` seconds: nobody holds an upload that broke off."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # somebody was faster, or a folder is not empty
            if time.time() - path.stat().st_mtime > age:
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink()
