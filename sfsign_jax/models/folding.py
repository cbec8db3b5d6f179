"""Batch norms with known statistics, done by the convolutions before them (inference only)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flax import nnx

from sfsign_jax.models.batch_norm import BatchNorm

# A convolution and the batch norm after it, as modules name them.
NORM_OF = {
    "conv": "bn",
    "a": "a_bn",
    "b": "b_bn",
    "c": "c_bn",
    "branch1": "branch1_bn",
    "conv_f2s": "bn",
    "conv_s2f": "bn2",
}


def normalized_convolutions(model: nnx.Module) -> Iterator[tuple[Any, BatchNorm]]:
    """Every convolution that a batch norm follows, and that batch norm."""
    for _, module in list(nnx.iter_modules(model)):
        if isinstance(module, nnx.Dict):  # layers over time, by their number
            for index, layer in module.items():
                if isinstance(layer, BatchNorm):
                    yield module[str(int(index) - 1)], layer
            continue
        for convolution, norm in NORM_OF.items():
            if hasattr(module, convolution):
                yield getattr(module, convolution), getattr(module, norm)


def fold_batch_norms(model: nnx.Module) -> None:
    """Leave of every batch norm the offset; the convolution takes the scale."""
    for convolution, norm in normalized_convolutions(model):
        scale = norm.leave_offset()
        for weights in (convolution.kernel, getattr(convolution, "bias", None)):
            if weights is not None:
                weights.set_value(np.asarray(weights) * scale)
