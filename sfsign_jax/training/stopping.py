"""Why a run ends before its last epoch, and with which status."""

import contextlib
import os
import signal
from collections.abc import Iterator

import jax
from jax.experimental import multihost_utils

INTERRUPTED_STATUS = 75  # EX_TEMPFAIL: the same command goes on


class InterruptedRunError(Exception):
    """SIGTERM or Ctrl-C came; all is saved."""


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
    """Set by SIGTERM, the notice that schedulers give before they kill, and by Ctrl-C.

    A second Ctrl-C ends the run at once.
    """
    request = StopRequest()

    def ask(*_) -> None:
        request.signalled = True

    def ask_and_be_impatient(*_) -> None:
        signal.signal(signal.SIGINT, previous[signal.SIGINT])
        os.kill(os.getpid(), signal.SIGTERM)

    handlers = {signal.SIGINT: ask_and_be_impatient}
    if jax.process_count() == 1:  # of several, JAX listens to SIGTERM itself
        handlers[signal.SIGTERM] = ask
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
