"""Why a run ends before its last epoch, and with which status."""

import contextlib
import signal
from collections.abc import Iterator

INTERRUPTED_STATUS = 75  # EX_TEMPFAIL: the same command goes on


class InterruptedRunError(Exception):
    """SIGTERM came; all is saved."""


class NotFiniteError(Exception):
    """Too many batches had a loss or gradient that is not finite; all is saved."""


class StopRequest:
    requested = False


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Set by SIGTERM, the notice that schedulers give before they kill."""
    request = StopRequest()

    def ask(*_) -> None:
        request.requested = True

    previous = signal.signal(signal.SIGTERM, ask)
    try:
        yield request
    finally:
        signal.signal(signal.SIGTERM, previous)
