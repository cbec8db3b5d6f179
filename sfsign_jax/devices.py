"""Settings of JAX that every command line shares."""

import os
from pathlib import Path

import jax


def cache_compiled_programs() -> None:
    """Keep compiled programs across runs, under JAX_COMPILATION_CACHE_DIR or ~/.cache."""
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        jax.config.update("jax_compilation_cache_dir", str(cache / "sfsign_jax" / "programs"))
