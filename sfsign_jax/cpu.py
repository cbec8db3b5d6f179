"""What makes forward passes fast on a CPU: how XLA compiles them, and memory that is kept."""

import ctypes
import functools
import platform
from collections.abc import Callable
from typing import Any

import jax

# Elementwise chains as kernels of YNNPACK, as products already are: a quarter of the time less.
# Not for gradients, which take twice the memory so and half as long again.
COMPILER_OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_ELTWISE"}

# Names in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8


def jit_forward(function: Callable, static_argnames: tuple[str, ...] = ()) -> Callable:
    """`jax.jit` for a function that nobody differentiates."""

    @functools.cache
    def compiled(backend: str) -> Any:
        options = compiler_options() if backend == "cpu" else None
        return jax.jit(function, static_argnames=static_argnames, compiler_options=options)

    @functools.wraps(function)
    def call(*arrays: Any, **options: Any) -> Any:
        program = compiled(jax.default_backend())
        known = program._cache_size()
        result = program(*arrays, **options)
        if program._cache_size() > known:
            give_back_freed_memory()  # the compiler's, a gigabyte
        return result

    return call


@functools.cache
def compiler_options() -> dict[str, str] | None:
    """COMPILER_OPTIONS where this version of XLA knows them."""
    try:
        jax.jit(lambda: 0, compiler_options=COMPILER_OPTIONS).lower().compile()
    except jax.errors.JaxRuntimeError:
        return None
    return COMPILER_OPTIONS


def keep_freed_memory() -> None:
    """Let this process keep what a forward pass frees: the next one needs as much again.

    Given back, every page would have to be fetched and zeroed anew, a tenth of a pass. It is for
    programs that do nothing else: glibc is told once for the whole process.
    """
    if libc := glibc():
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def give_back_freed_memory() -> None:
    if libc := glibc():
        libc.malloc_trim(0)


def glibc() -> ctypes.CDLL | None:
    """The C library, where it is this one and computes."""
    here = jax.default_backend() == "cpu" and platform.libc_ver()[0] == "glibc"
    return ctypes.CDLL(None) if here else None
