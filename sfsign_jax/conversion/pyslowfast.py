"""Backbones as PySlowFast saves them itself, in .pyth files of PyTorch.

Their tensors have the released names without `conv2d.`: the released network was made from theirs.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sfsign_jax.conversion.architecture import read_backbone
from sfsign_jax.conversion.names import COUNT
from sfsign_jax.conversion.torch_files import load_torch_file, plain_tensors
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import BackboneConfig

PYSLOWFAST_STATE = "model_state"
PREFIX = "conv2d."
HEAD = "head."  # the classifier of actions


def read_pyslowfast_file(path: Path) -> dict[str, np.ndarray]:
    """The backbone's tensors under their released names, loaded without running code from it.

    Raises:
        UserError: PyTorch is missing, or the file is not such a file.
    """
    content = load_torch_file(path)
    state = content.get(PYSLOWFAST_STATE) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping):
        raise UserError(f"{path} has no {PYSLOWFAST_STATE}: it is no .pyth file of PySlowFast")
    return {
        PREFIX + name: tensor
        for name, tensor in plain_tensors(state, path).items()
        if not (name.startswith(HEAD) or COUNT.search(name))
    }


def read_pyslowfast_architecture(tensors: Mapping[str, np.ndarray]) -> BackboneConfig:
    """The backbone's depths, widths and temporal blocks; the fusion is the published one.

    Raises:
        UserError: the tensors are not those of such a backbone.
    """
    try:
        return dataclasses.replace(read_backbone(tensors), fusion="FuseBiAdd", fusion_ratio=2)
    except KeyError as error:
        raise UserError(f"this is no SlowFast backbone: it has no tensor named {error}") from error
    except (IndexError, ZeroDivisionError, ValueError) as error:
        raise UserError("this is no SlowFast backbone: its tensors have strange shapes") from error
