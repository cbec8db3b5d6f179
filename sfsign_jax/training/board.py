"""A run's curves, for TensorBoard."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary

from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import is_first_process

FLUSH_SECONDS = 30

AddPoints = Callable[[Mapping[str, float], int], None]  # one of each curve, at this step


@contextlib.contextmanager
def open_board(workdir: Path, later: int | None) -> Iterator[AddPoints]:
    """Curves that go on in `workdir`: TensorBoard hides what it had there from step `later` on.

    Of several processes the first one writes. Without the thread of tensorboardX's SummaryWriter,
    which ends at a full disk, and leaves the run waiting for it.

    Raises:
        UserError: here, or when points are added: nothing can be written.
    """
    if not is_first_process():
        yield lambda points, step: None
        return
    with told_in_a_sentence(workdir):
        file = EventsWriter(str(workdir / "events"))
    flushed = time.monotonic()

    def write(step: int, **content: Summary | SessionLog) -> None:
        nonlocal flushed
        with told_in_a_sentence(workdir):
            file.write_event(Event(wall_time=time.time(), step=step, **content))
            if time.monotonic() > flushed + FLUSH_SECONDS:
                file.flush()
                flushed = time.monotonic()

    def add(points: Mapping[str, float], step: int) -> None:
        values = [Summary.Value(tag=name, simple_value=value) for name, value in points.items()]
        write(step, summary=Summary(value=values))

    if later is not None:
        write(later, session_log=SessionLog(status=SessionLog.START))
    try:
        yield add
    except BaseException:
        with contextlib.suppress(OSError):  # the run's own error is the one to tell
            file.close()
        raise
    with told_in_a_sentence(workdir):
        file.close()


@contextlib.contextmanager
def told_in_a_sentence(workdir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"TensorBoard's file in {workdir} can't be written ({error.strerror}): make room and "
            "give the same command again"
        ) from error
