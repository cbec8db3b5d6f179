"""Continuous sign language recognition in JAX: SlowFastSign, from video to glosses."""

import gc
import importlib
import sys

from sfsign_jax.allocator import start_without_thread_caches

__all__ = ["ClipLogits", "Recognition", "Recognizer", "load"]

if sys.argv[:1] == ["-m"]:  # python -m sfsign_jax.…, of which nothing has run yet
    start_without_thread_caches()
    # Of the many objects that imports and tracing make hardly one is garbage.
    gc.set_threshold(50_000)


def __getattr__(name: str):
    """Load the recogniser on first use: the model and the losses need JAX and Flax only."""
    if name in __all__:
        return getattr(importlib.import_module("sfsign_jax.recognizer"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
