"""What is in a prepared dataset, and what is wrong with it: printed, and as a page."""

from sfsign_jax.summary.prepared import summarise

__all__ = ["summarise"]
