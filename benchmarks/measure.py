"""Contestants in processes of their own, one round of each in turn."""

import contextlib
import multiprocessing
import os
import resource
import statistics
import sys
import time
import unittest.mock
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

SHORTEST = 0.1  # seconds of a round: what is faster is called several times
SHARED_GPU = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # else JAX takes most of it at once


class Figures(NamedTuple):
    setup: float  # seconds from the process's start to the end of the first round
    seconds: float  # median of a round
    memory: float  # GB: most resident memory during rounds; on a GPU, most of its own, ever


def in_turn(
    contestants: dict[str, Callable], rounds: int, limit: float | None = None
) -> dict[str, Figures]:
    """What `rounds` rounds of each contestant took, A B C, A B C, …

    A contestant is called in its own process and returns the function that is one round. One that
    fails, or whose first round is not there after `limit` seconds, is left out, and said so. That
    of "ours" is started as our command lines are.
    """
    return group_by_group({"": contestants}, rounds, limit)[""]


def group_by_group(
    groups: dict[str, dict[str, Callable]], rounds: int, limit: float | None = None
) -> dict[str, dict[str, Figures]]:
    """`in_turn` of one group after the other, once all of them have compiled side by side."""
    with contextlib.ExitStack() as stack:
        started = {
            group: {
                name: stack.enter_context(start(call, name)) for name, call in contestants.items()
            }
            for group, contestants in groups.items()
        }
        deadline = limit and time.monotonic() + limit
        ready = {
            group: first_results(group, running, deadline) for group, running in started.items()
        }
        return {
            group: take_rounds(started[group], setups, rounds) for group, setups in ready.items()
        }


def first_results(
    group: str, running: dict[str, Connection], deadline: float | None
) -> dict[str, float]:
    """Seconds until each contestant was ready, but for those that failed."""
    replies = {name: reply(connection, deadline) for name, connection in running.items()}
    for name, problem in replies.items():
        if isinstance(problem, str):
            print(f"{group} {name}: {problem}", flush=True)
    return {name: seconds for name, seconds in replies.items() if isinstance(seconds, float)}


def take_rounds(
    running: dict[str, Connection], setups: dict[str, float], rounds: int
) -> dict[str, Figures]:
    times = {name: [] for name in setups}
    for _ in range(rounds):
        for name in setups:
            running[name].send("round")
            times[name].append(reply(running[name]))
    memory = {}
    for name in setups:
        running[name].send("memory")
        memory[name] = reply(running[name])
    return {
        name: Figures(setup, statistics.median(times[name]), memory[name])
        for name, setup in setups.items()
    }


@contextlib.contextmanager
def start(contestant: Callable, name: str) -> Iterator[Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(contestant, theirs, time.time()))
    with unittest.mock.patch.dict(os.environ, SHARED_GPU):
        process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join(timeout=10)
        process.kill()  # one that is still compiling
        process.join()


def reply(connection: Connection, deadline: float | None = None) -> float | str:
    try:
        if deadline and not connection.poll(max(0, deadline - time.monotonic())):
            return "not ready in time"
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
    begin = time.perf_counter()
    once()
    calls = max(1, round(SHORTEST / (time.perf_counter() - begin)))
    forget_peak()
    with contextlib.suppress(EOFError):
        while True:
            if connection.recv() == "memory":
                connection.send(peak_memory())
                continue
            begin = time.perf_counter()
            for _ in range(calls):
                once()
            connection.send((time.perf_counter() - begin) / calls)


def forget_peak() -> None:
    """From here on the peak is that of rounds, and not of compilation (Linux only)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_initialized():
        return sys.modules["torch"].cuda.max_memory_allocated() / 1e9
    if "jax" in sys.modules and (stats := sys.modules["jax"].local_devices()[0].memory_stats()):
        return stats["peak_bytes_in_use"] / 1e9
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
