"""Continuous sign language recognition in JAX: SlowFastSign, from video to glosses."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfsign_jax.recognition.network import ClipLogits
    from sfsign_jax.recognition.recognizer import Recognizer, load
    from sfsign_jax.recognition.result import Recognition

__all__ = ["ClipLogits", "Recognition", "Recognizer", "load"]


def __getattr__(name: str) -> Any:
    """Load the recogniser on first use: the model and the losses need JAX and Flax only."""
    if name in __all__:
        return getattr(importlib.import_module("sfsign_jax.recognition.recognizer"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
