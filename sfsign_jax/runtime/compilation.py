"""How XLA compiles our programs, by backend."""

import functools
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax import lax

Options = dict[str, str | bool]  # of XLA's compiler for one backend

# XLA would drop lax.optimization_barrier before it fuses: every block would then sum the outputs
# of all blocks before it again, each value find out its clip's length anew, and what is to be
# computed again for the gradient would be kept.
BARRIERS: Options = {"xla_disable_hlo_passes": "cse_barrier_expander"}
# Which operations become kernels of YNNPACK. Eigen convolves faster, for kernels' gradients up to
# five times, and without YNNPACK a forward pass needs less memory; but batch statistics as XLA's
# own loops are several times slower.
YNNPACK = "xla_cpu_experimental_ynn_fusion_type"
# cuBLAS adds offset and shortcut and rectifies at the end of a product; Triton's products don't,
# and to choose among them takes most of the time to compile.
CUBLAS: Options = {"xla_gpu_enable_triton_gemm": False}

FORWARD: dict[str, Options] = {"cpu": {**BARRIERS, YNNPACK: ""}, "gpu": CUBLAS}
TRAINING: dict[str, Options] = {
    "cpu": {**BARRIERS, YNNPACK: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"},
    "gpu": CUBLAS,
}


def jit(
    function: Callable,
    options_of: dict[str, Options],
    static_argnames: Sequence[str] = (),
    **options: Any,
) -> Callable:
    """`jax.jit`, with the compiler options of the backend; static arguments are given by name.

    `call.ahead` has programs of given arguments, compiled or under way (see runtime.ahead).
    """

    @functools.cache
    def compiled(backend: str) -> Any:
        own = known_options(**options_of.get(backend, {}))
        return jax.jit(function, compiler_options=own, static_argnames=static_argnames, **options)

    def program(backend: str | None = None) -> Any:
        return compiled(backend or jax.default_backend())

    ahead: dict[Hashable, Future[jax.stages.Compiled]] = {}

    def key(args: Any, kwargs: dict[str, Any]) -> Hashable:
        # Not of thousands of weights at every call: their shapes follow from their config, which
        # is an argument too.
        leaves, tree = jax.tree.flatten(args, is_leaf=is_weights)
        shapes = tuple(
            None if is_weights(x) else (np.shape(x), jax.numpy.result_type(x)) for x in leaves
        )
        return tree, shapes, tuple(sorted(kwargs.items()))

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        compiled = ahead.get(key(args, kwargs)) if ahead else None
        return compiled.result()(*args) if compiled else program()(*args, **kwargs)

    call.program, call.ahead, call.key = program, ahead, key  # type: ignore[attr-defined]
    return call


def is_weights(x: Any) -> bool:
    return isinstance(x, nnx.State)


def kernels_are_costly() -> bool:
    """Whether a program should rather loop over one body than repeat it.

    Compilers for accelerators take their time, and a launch takes the device's, for every kernel.
    On a CPU slices of stacked arrays would be copied.
    """
    return jax.default_backend() != "cpu"


jit_forward = functools.partial(jit, options_of=FORWARD)
jit_training = functools.partial(jit, options_of=TRAINING)


@functools.cache
def known_options(**options: str | bool) -> Options:
    """Those that this version of XLA knows."""
    return {name: value for name, value in options.items() if is_known({name: value})}


def is_known(option: Options) -> bool:
    try:
        jax.jit(lax.optimization_barrier, compiler_options=option).lower(0).compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True
