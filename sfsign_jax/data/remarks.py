"""What is worth telling about a file but no error."""

import functools
import logging


@functools.lru_cache(1000)
def remark(sentence: str) -> None:
    """Said once, though a video is read again for its pictures, or a table to prepare it."""
    logging.getLogger(__name__).warning("%s", sentence)
