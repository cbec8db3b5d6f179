"""What makes programs fast on a CPU: how XLA compiles them, and memory that is kept."""

import ctypes
import functools
import platform
from collections.abc import Callable
from typing import Any

import jax
from jax import lax

# Elementwise chains as kernels of YNNPACK, as products already are: a quarter of the time less.
# Not for gradients, which take twice the memory so and half as long again.
FORWARD = ("xla_cpu_experimental_ynn_fusion_type", "LIBRARY_FUSION_TYPE_ELTWISE")
# XLA would drop lax.optimization_barrier before it fuses: every block would then sum the outputs
# of all blocks before it again, and what is to be computed again for the gradient would be kept.
TRAINING = ("xla_disable_hlo_passes", "cse_barrier_expander")

# Names in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8


def jit(function: Callable, cpu_option: tuple[str, str], **options: Any) -> Callable:
    """`jax.jit` with an option of the CPU compiler's, where the program is for a CPU."""

    @functools.cache
    def compiled(backend: str) -> Any:
        own = compiler_options(cpu_option) if backend == "cpu" else None
        return jax.jit(function, compiler_options=own, **options)

    def program() -> Any:
        return compiled(jax.default_backend())

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        known = program()._cache_size()
        result = program()(*args, **kwargs)
        if program()._cache_size() > known:
            jax.block_until_ready(result)
            give_back_freed_memory()  # the compiler's, a gigabyte, and the place of the first run
        return result

    call.program = program  # type: ignore[attr-defined]
    return call


jit_forward = functools.partial(jit, cpu_option=FORWARD)
jit_training = functools.partial(jit, cpu_option=TRAINING)


@functools.cache
def compiler_options(option: tuple[str, str]) -> dict[str, str] | None:
    """The option, where this version of XLA knows it."""
    options = dict([option])
    try:
        jax.jit(lax.optimization_barrier, compiler_options=options).lower(0).compile()
    except jax.errors.JaxRuntimeError:
        return None
    return options


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


def give_back_freed_memory() -> None:
    if jax.default_backend() == "cpu" and (libc := glibc()):
        libc.malloc_trim(0)


def glibc() -> ctypes.CDLL | None:
    """The C library, where it is this one."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
