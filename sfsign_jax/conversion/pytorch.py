"""Released .pt files to a model's state, and back."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from flax import nnx
from tqdm import tqdm

from sfsign_jax.checkpoint import ModelDescription
from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.names import COUNT, released_axes, released_names, released_shape
from sfsign_jax.conversion.placement import Parameter, place_tensors
from sfsign_jax.conversion.pyslowfast import PYSLOWFAST_STATE
from sfsign_jax.conversion.torch_files import load_torch_file, plain_tensors, require_torch
from sfsign_jax.conversion.vocabulary import checked_vocabulary
from sfsign_jax.errors import UserError
from sfsign_jax.files import replacing
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import abstract_model

WEIGHTS = "model_state_dict"  # as published
STATE_KEYS = (WEIGHTS, "state_dict", "model")  # under which trainers save a network's tensors
VOCABULARY = "vocabulary"  # ours: the published code ignores it, and reads gloss_dict.npy


class ReleasedFile(NamedTuple):
    tensors: dict[str, np.ndarray]  # under the released names
    vocabulary: tuple[str, ...] | None  # only files that this project wrote have one


def read_released_file(path: Path) -> ReleasedFile:
    """The tensors of a .pt file, loaded without running code from it.

    The arrays are windows into the file where its format allows: reading them reads the disk.

    Raises:
        UserError: PyTorch is missing, or the file is not such a checkpoint.
    """
    content = load_torch_file(path)
    tensors = plain_tensors(state_dict_in(content, path), path)
    vocabulary = content.get(VOCABULARY)
    return ReleasedFile(
        tensors, vocabulary if vocabulary is None else checked_vocabulary(vocabulary, path)
    )


def state_dict_in(content: Any, path: Path) -> Mapping[Any, Any]:
    """The network's tensors by their names: under a key, or all that is there.

    Raises:
        UserError: there are none.
    """
    if not isinstance(content, Mapping):
        raise UserError(f"{path} holds no dict of tensors: it is not a SlowFastSign checkpoint")
    for key in STATE_KEYS:
        if isinstance(content.get(key), Mapping):
            return content[key]
    if PYSLOWFAST_STATE in content:
        raise UserError(
            f"{path} is a backbone of PySlowFast: name it .pyth, and it is read as the .pkl are"
        )
    if any(isinstance(value, require_torch().Tensor) for value in content.values()):
        return content
    raise UserError(
        f"{path} has no {', '.join(STATE_KEYS[:-1])} or {STATE_KEYS[-1]}, and is no state dict "
        "itself: it is not a SlowFastSign checkpoint"
    )


def convert_tensors(
    tensors: Mapping[str, np.ndarray],
    config: ModelConfig | None = None,
    source: str | Path = "the file",
) -> tuple[ModelConfig, nnx.State]:
    """The released tensors as the state of our model; errors name them by their `source`.

    Raises:
        UserError: one message with every missing, surplus, misshapen or non-finite tensor.
    """
    tensors = {name: tensor for name, tensor in tensors.items() if not COUNT.search(name)}
    config = config or read_architecture(tensors)
    # Large ones first, while there is memory left for their copies.
    parameters = sorted(
        nnx.to_flat_state(abstract_model(config)[1]),
        key=lambda item: math.prod(item[1].shape),
        reverse=True,
    )

    def names_of(path: Any) -> list[str]:
        return released_names(".".join(map(str, path)), config)

    def fit(parameter: Parameter, tensor: np.ndarray) -> np.ndarray | None:
        path, variable = parameter
        axes = released_axes(".".join(map(str, path)), len(variable.shape), config)
        if tensor.ndim != len(axes) or tensor.transpose(axes).shape != variable.shape:
            return None
        return tensor.transpose(axes)

    def shape_of(parameter: Parameter) -> tuple[int, ...]:
        path, variable = parameter
        return released_shape(".".join(map(str, path)), variable.shape, config)

    progress = tqdm(parameters, desc="converting", unit="tensor", disable=None)
    return config, nnx.from_flat_state(
        place_tensors(progress, tensors, names_of, fit, shape_of, source)
    )


def batches_tracked(tensors: Mapping[str, np.ndarray]) -> int:
    """The batches that PyTorch counted; every batch norm of a released file has the same count."""
    counts = [tensor for name, tensor in tensors.items() if COUNT.search(name)]
    return max(
        (int(count) for count in counts if count.ndim == 0 and count.dtype.kind == "i"), default=0
    )


def released_tensors(state: nnx.State, description: ModelDescription) -> dict[str, np.ndarray]:
    """A model's state under the released names, in the released axes; nothing is rounded."""
    tensors: dict[str, np.ndarray] = {}
    for path, variable in nnx.to_flat_state(state):
        name = ".".join(map(str, path))
        ours = np.asarray(variable[...])
        axes = released_axes(name, ours.ndim, description.config)
        tensor = ours.transpose(np.argsort(axes)).copy()
        for released in released_names(name, description.config):
            tensors[released] = tensor
            if released.endswith(".running_var"):
                count = released.removesuffix("running_var") + "num_batches_tracked"
                tensors[count] = np.asarray(description.num_batches_tracked)
    return tensors


def write_released_file(path: Path, state: nnx.State, description: ModelDescription) -> None:
    """A .pt file that the published code loads; the vocabulary lies in it as a list.

    Raises:
        UserError: PyTorch is missing, or the file can't be written.
    """
    torch = require_torch()
    # One tensor an array, so that a shared classifier is stored once.
    arrays = released_tensors(state, description)
    one = {id(array): torch.from_numpy(array) for array in arrays.values()}
    content: dict[str, Any] = {WEIGHTS: {name: one[id(array)] for name, array in arrays.items()}}
    if description.vocabulary is not None:
        content[VOCABULARY] = list(description.vocabulary)
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        torch.save(content, file)
