"""What is worth telling about a file but no error."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from contextvars import ContextVar

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)


def remark(sentence: str) -> None:
    """Said once, though a video is read again for its pictures, or a table to prepare it."""
    collected = _collected.get()
    if collected is None:
        log(sentence)
    elif sentence not in collected:
        collected.append(sentence)


@functools.lru_cache(1000)
def log(sentence: str) -> None:
    logging.getLogger(__name__).warning("%s", sentence)


@contextlib.contextmanager
def collected_remarks() -> Iterator[list[str]]:
    """What is remarked within is said in this list, and not in the log."""
    remarks: list[str] = []
    token = _collected.set(remarks)
    try:
        yield remarks
    finally:
        _collected.reset(token)
