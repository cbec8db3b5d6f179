"""What makes programs fast on a CPU: how XLA compiles them, and memory that is kept."""

import ctypes
import functools
import platform
from collections.abc import Callable
from typing import Any

import jax
from jax import lax

Options = dict[str, str]  # of XLA's compiler for CPUs

# XLA would drop lax.optimization_barrier before it fuses: every block would then sum the outputs
# of all blocks before it again, each value find out its clip's length anew, and what is to be
# computed again for the gradient would be kept.
BARRIERS: Options = {"xla_disable_hlo_passes": "cse_barrier_expander"}
# Which operations become kernels of YNNPACK. Eigen convolves faster, for kernels' gradients up to
# five times, and without YNNPACK a forward pass needs less memory; but batch statistics as XLA's
# own loops are several times slower.
YNNPACK = "xla_cpu_experimental_ynn_fusion_type"
FORWARD: Options = {**BARRIERS, YNNPACK: ""}
TRAINING: Options = {
    **BARRIERS,
    YNNPACK: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE",
}

# Names in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8


def jit(function: Callable, cpu_options: Options, **options: Any) -> Callable:
    """`jax.jit`, with options of the CPU compiler's where the program is for a CPU."""

    @functools.cache
    def compiled(backend: str) -> Any:
        own = known_options(**cpu_options) if backend == "cpu" else None
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


jit_forward = functools.partial(jit, cpu_options=FORWARD)
jit_training = functools.partial(jit, cpu_options=TRAINING)


@functools.cache
def known_options(**options: str) -> Options:
    """Those that this version of XLA knows."""
    return {name: value for name, value in options.items() if is_known({name: value})}


def is_known(option: Options) -> bool:
    try:
        jax.jit(lax.optimization_barrier, compiler_options=option).lower(0).compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


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
