"""The network in ONNX's operators, one clip at a time, as the checkpoint's arrays have it."""

from sfsign_jax.exporting.onnx_graph.network import clip_logits

__all__ = ["clip_logits"]
