"""Continuous sign language recognition in JAX: SlowFastSign, from video to glosses."""

import importlib

__all__ = ["ClipLogits", "Recognition", "Recognizer", "load"]


def __getattr__(name: str):
    """Load the recogniser on first use: the model and the losses need JAX and Flax only."""
    if name in __all__:
        return getattr(importlib.import_module("sfsign_jax.recognizer"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
