"""Contestants in processes of their own, one round of each in turn."""

import contextlib
import multiprocessing
import os
import resource
import statistics
import time
import unittest.mock
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from sfsign_jax.allocator import WITHOUT_THREAD_CACHES


class Figures(NamedTuple):
    setup: float  # seconds from the process's start to the end of the first round
    seconds: float  # median of a round
    memory: float  # most resident memory during rounds, GB


def in_turn(contestants: dict[str, Callable], rounds: int) -> dict[str, Figures]:
    """What `rounds` rounds of each contestant took, A B C, A B C, …

    A contestant is called in its own process and returns the function that is one round. One that
    fails is left out, and said so. That of "ours" is started as our command lines are.
    """
    with contextlib.ExitStack() as stack:
        running = {
            name: stack.enter_context(
                started(call, WITHOUT_THREAD_CACHES if name == "ours" else {})
            )
            for name, call in contestants.items()
        }
        setups, times = {}, {name: [] for name in running}
        for name, connection in running.items():
            setups[name] = reply(connection)
        alive = [name for name in running if isinstance(setups[name], float)]
        for name in running:
            if name not in alive:
                print(f"{name}: {setups[name]}", flush=True)
        for _ in range(rounds):
            for name in alive:
                running[name].send("round")
                times[name].append(reply(running[name]))
        memory = {}
        for name in alive:
            running[name].send("memory")
            memory[name] = reply(running[name])
    return {
        name: Figures(setups[name], statistics.median(times[name]), memory[name]) for name in alive
    }


@contextlib.contextmanager
def started(contestant: Callable, environment: dict[str, str]) -> Iterator[Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(contestant, theirs, time.time()))
    with unittest.mock.patch.dict(os.environ, environment):
        process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()


def reply(connection: Connection) -> float | str:
    try:
        return connection.recv()
    except EOFError:
        return "its process ended"


def serve(contestant: Callable, connection: Connection, start: float) -> None:
    try:
        once = contestant()
        once()
    except Exception as error:  # noqa: BLE001  reported, and the others go on
        connection.send(f"{type(error).__name__}: {str(error).splitlines()[0]}")
        return
    connection.send(time.time() - start)
    once()
    forget_peak()
    with contextlib.suppress(EOFError):
        while True:
            if connection.recv() == "memory":
                connection.send(peak_memory())
                continue
            begin = time.perf_counter()
            once()
            connection.send(time.perf_counter() - begin)


def forget_peak() -> None:
    """From here on the peak is that of rounds, and not of compilation (Linux only)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
