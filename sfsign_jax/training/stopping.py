"""Why a run ends before its last epoch, and with which status."""

import contextlib
import signal
from collections.abc import Iterator

import jax
from jax.experimental import multihost_utils

INTERRUPTED_STATUS = 75  # EX_TEMPFAIL: the same command goes on


class InterruptedRunError(Exception):
    """SIGTERM came; all is saved."""


class NotFiniteError(Exception):
    """Too many batches had a loss or gradient that is not finite; all is saved."""


class StopRequest:
    """Whether the run was asked to stop; its processes agree on when."""

    def __init__(self) -> None:
        self.signalled = False
        self.asked = 0

    def agreed(self) -> bool:
        """Whether to stop now. All processes ask equally often."""
        self.asked += 1
        if jax.process_count() == 1:
            return self.signalled
        return multihost_utils.reached_preemption_sync_point(self.asked)


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Set by SIGTERM, the notice that schedulers give before they kill."""
    request = StopRequest()
    if jax.process_count() > 1:  # JAX listens itself then
        yield request
        return

    def ask(*_) -> None:
        request.signalled = True

    previous = signal.signal(signal.SIGTERM, ask)
    try:
        yield request
    finally:
        signal.signal(signal.SIGTERM, previous)
