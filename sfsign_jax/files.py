"""Writing files so that a reader never sees half of one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sfsign_jax.errors import UserError


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file to write, which then takes the place of `path`; on failure it is deleted.

    Raises:
      UserError: the folder does not exist or cannot be written.
    """
    path = Path(path)
    # In the same folder, because a rename is atomic only within one file system.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_text_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` to `path` as UTF-8: the file appears whole, or the old one stays.

    Raises:
      UserError: the folder does not exist or cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
