"""Checkpoints that travel: from the Hugging Face hub or a zip file on the web, and to the hub."""

from sfsign_jax.sharing.names import is_fetched, open_checkpoint

__all__ = ["is_fetched", "open_checkpoint"]
