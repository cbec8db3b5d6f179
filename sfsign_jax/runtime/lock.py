"""What only one process may do at a time."""

import contextlib
import datetime
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from sfsign_jax.errors import UserError


@contextlib.contextmanager
def only_process(path: Path, doing: str, advice: str) -> Iterator[None]:
    """Holds the lock of the file `path`, which says who has it, until the end or the process's.

    The system takes it from a process that is killed. `doing` and `advice` are for the sentence
    that another process gets: "another process {doing} (who): {advice}".

    Raises:
        UserError: another process holds it, or the file can't be written.
    """
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} can't be written ({error.strerror})") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = path.read_text(encoding="utf-8").strip() or "it has just begun"
            raise UserError(f"another process {doing} ({holder}): {advice}") from error
        except OSError as error:  # some file systems of networks have no locks
            logging.getLogger(__name__).warning(
                "%s can't be locked (%s): see to it that no other process %s",
                path,
                error.strerror,
                doing,
            )
        now = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now}\n")
        file.flush()
        yield


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Holds the lock of the file `path` until the end, after whoever has it."""
    with path.open("a") as file:
        with contextlib.suppress(OSError):  # some file systems of networks have no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
