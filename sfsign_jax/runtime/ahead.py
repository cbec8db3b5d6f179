"""Programs compiled before they are needed, side by side, while those that are ready run.

A program is traced in Python, which takes seconds and one at a time, and compiled by XLA, which
takes most of the time and lets Python go on.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
from jax.sharding import Mesh

from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import use_mesh

COMPILER_MEMORY = 8e9  # bytes of the host that a compilation takes at most: one for a TPU


class Call(NamedTuple):
    """Of a function of `runtime.compilation.jit`, with shapes in place of arrays."""

    name: str  # for whoever reads that it does not fit the device
    function: Any
    args: tuple[Any, ...]
    static: dict[str, Any]


class Programs:
    """Programs of calls that are compiled, or will be."""

    def __init__(self, futures: Sequence[Future[jax.stages.Compiled]]):
        self.futures = futures

    def __str__(self) -> str:
        """For a progress bar: "3/12"; nothing once all are there."""
        done = sum(future.done() for future in self.futures)
        return f"{done}/{len(self.futures)}" if done < len(self.futures) else ""

    def check(self) -> None:
        """Raise what a compilation has raised, though its program is not needed yet."""
        for future in self.futures:
            if future.done():
                future.result()


@contextlib.contextmanager
def compiled_ahead(calls: Sequence[Call], mesh: Mesh) -> Iterator[Programs]:
    """Compile the calls, in their order, until the context ends; who makes one, waits for it.

    Raises (from a call, or from `Programs.check`):
        UserError: a program does not fit the device.
    """
    with ThreadPoolExecutor(at_a_time()) as compiling, ThreadPoolExecutor(1) as tracing:
        programs = Programs(
            [
                compiling.submit(compile_call, call, tracing.submit(lower, call, mesh), mesh)
                for call in calls
            ]
        )
        for call, future in zip(calls, programs.futures, strict=True):
            call.function.ahead[call.function.key(call.args, call.static)] = future
        try:
            yield programs
        finally:
            for call in calls:
                call.function.ahead.pop(call.function.key(call.args, call.static))
            for pool in (tracing, compiling):
                pool.shutdown(wait=False, cancel_futures=True)


def at_a_time() -> int:
    """Compilations side by side: each keeps two cores busy for most of its time."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min((os.cpu_count() or 1) // 2, int(memory / COMPILER_MEMORY)))


def lower(call: Call, mesh: Mesh) -> jax.stages.Lowered:
    with use_mesh(mesh):
        return call.function.program().lower(*call.args, **call.static)


def compile_call(
    call: Call, lowered: Future[jax.stages.Lowered], mesh: Mesh
) -> jax.stages.Compiled:
    try:
        compiled = lowered.result().compile()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise does_not_fit(call.name, str(error).splitlines()[0]) from error
    limit = memory_limit(mesh)
    if limit and (needed := memory_needed(compiled)) > limit:
        raise does_not_fit(call.name, f"{needed / 1e9:.1f} of {limit / 1e9:.1f} GB")
    return compiled


def memory_limit(mesh: Mesh) -> int:
    """Bytes that programs may use on each device; 0 where it does not tell."""
    return (mesh.local_devices[0].memory_stats() or {}).get("bytes_limit", 0)


def memory_needed(compiled: jax.stages.Compiled) -> int:
    """Bytes that a program takes on each device, with its arguments; 0 where no backend tells."""
    if (sizes := compiled.memory_analysis()) is None:
        return 0
    own = sizes.argument_size_in_bytes + sizes.output_size_in_bytes - sizes.alias_size_in_bytes
    return own + sizes.temp_size_in_bytes


def does_not_fit(name: str, needed: str) -> UserError:
    return UserError(
        f"{name} does not fit the device ({needed}): lower config.training.batch_size, or see "
        "docs/training.md, 'Memory and precision', for accumulation and remat"
    )
