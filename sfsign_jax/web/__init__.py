"""A page in the browser: a video in, its glosses out, nothing kept."""

from sfsign_jax.web.limits import Limits
from sfsign_jax.web.server import Place, serve

__all__ = ["Limits", "Place", "serve"]
