"""Memory of the host that programs free: kept for the next run, or given back."""

import ctypes
import platform

import jax

# Names in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8

COMPILED = "/jax/core/compile/backend_compile_duration"  # as jax.monitoring calls it
LONG = 1.0  # seconds from which on a compilation leaves much


def keep_freed_memory() -> None:
    """Let this process keep what a program frees: its next run needs as much again.

    Given back, every page would have to be fetched and zeroed anew: a sixth of a forward pass, a
    third of a training step. Call it before JAX has threads, whose memory is else kept apart and
    always given back. glibc is told for the whole process, so it is for command lines.
    """
    if libc := glibc():
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)  # never
        jax.monitoring.register_event_duration_secs_listener(give_back_what_compilers_leave)


def give_back_what_compilers_leave(event: str, duration_secs: float, **_: str | int) -> None:
    """Return freed memory to the system after a compilation, which leaves a gigabyte of it."""
    if event == COMPILED and duration_secs > LONG:
        give_back_freed_memory()


def give_back_freed_memory() -> None:
    """Return to the system what is free now."""
    if libc := glibc():
        libc.malloc_trim(0)


def glibc() -> ctypes.CDLL | None:
    """The C library, where it is this one."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
