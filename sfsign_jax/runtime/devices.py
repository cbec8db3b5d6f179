"""Which backend computes, and settings of JAX that every command line shares."""

import importlib.metadata
import os
import sys
from collections.abc import Callable

import jax
import jax.extend

from sfsign_jax.errors import UserError
from sfsign_jax.files import cache_folder
from sfsign_jax.runtime.memory import keep_freed_memory

# JAX's names of backends, and ours.
OURS = {"cuda": "gpu", "rocm": "gpu", "mps": "metal", "METAL": "metal"}


def start(platform: str, probe: Callable[[], object]) -> None:
    """Choose the backend, and say which on stderr; what can't be started falls back to the CPU.

    `probe` runs a small network on the chosen backend, the way the command will run its own: Metal
    plugins lack some operations.

    Raises:
        UserError: a platform was asked for by name and can't be started.
    """
    cache_compiled_programs()
    if platform == "cpu" or not plugins():
        keep_freed_memory()
    if platform == "cpu":
        jax.config.update("jax_platforms", "cpu")
    found, problem = start_backend()
    if platform not in ("auto", found):
        raise UserError(
            f"--platform {platform} can't be started ({problem or 'JAX finds no such device'}): "
            "install the extra of that name, or leave --platform out"
        )
    if found == "metal" and (lack := missing_operation(probe)):
        found, problem = "cpu", f"the Metal plugin lacks an operation: {lack}"
        jax.extend.backend.clear_backends()
        jax.config.update("jax_platforms", "cpu")
    if found != "cpu":
        # The same on every backend: 10 bits of mantissa at least, f32 sums. Left alone, a GPU would
        # take these, and a TPU 8 bits.
        jax.config.update("jax_default_matmul_precision", "tensorfloat32")
    kinds = ", ".join(sorted({device.device_kind for device in jax.devices()}))
    reason = f"; {problem}" if problem else ""
    print(f"platform: {found} ({jax.device_count()} × {kinds}){reason}", file=sys.stderr)


def cache_compiled_programs() -> None:
    """Keep compiled programs across runs, under JAX_COMPILATION_CACHE_DIR or ~/.cache.

    Those of the beam search too, which compile in less than the second from which on JAX keeps one.
    """
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cache_folder("programs")))


def start_backend() -> tuple[str, str]:
    """The platform that JAX starts, and why it is no other one where one is installed."""
    try:
        backend = jax.default_backend()
    except (RuntimeError, AssertionError) as error:  # the latter for CUDA without a GPU
        asked = (
            f"JAX_PLATFORMS is {jax.config.values['jax_platforms']}, and there is no such device"
        )
        jax.config.update("jax_platforms", "cpu")
        return "cpu", first_line(error) if str(error) else asked
    problem = ""
    if backend == "cpu" and plugins() and jax.config.values["jax_platforms"] != "cpu":
        problem = f"{' and '.join(plugins())} found no device"
    return OURS.get(backend, backend), problem


def plugins() -> list[str]:
    """What is installed for other devices than the CPU."""
    return sorted(plugin.name for plugin in importlib.metadata.entry_points(group="jax_plugins"))


def missing_operation(probe: Callable[[], object]) -> str:
    """Why the backend can't run `probe`; nothing where it can."""
    try:
        jax.block_until_ready(probe())
    except (RuntimeError, NotImplementedError, ValueError) as error:
        return first_line(error)
    return ""


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
