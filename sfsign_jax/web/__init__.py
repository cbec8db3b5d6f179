"""A page in the browser: a video in, its glosses out, nothing kept."""

from sfsign_jax.web.blocks import open_page
from sfsign_jax.web.limits import Limits

__all__ = ["Limits", "open_page"]
