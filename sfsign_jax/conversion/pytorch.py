"""Released .pt files to a model's state."""

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy._core.multiarray import _reconstruct

from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.names import UNUSED, released_axes, released_names
from sfsign_jax.errors import UserError
from sfsign_jax.models.sign_model import ModelConfig, abstract_model

SHOWN = 10  # names shown of each kind of problem


def read_released_file(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a .pt file, loaded without running code from it.

    Raises:
        UserError: PyTorch is missing, or the file is not such a checkpoint.
    """
    try:
        import torch
    except ImportError as error:
        raise UserError(
            "Reading .pt files needs PyTorch: pip install 'sfsign-jax[convert]'."
        ) from error
    if not Path(path).is_file():
        raise UserError(f"There is no file {path}.")
    # A released file carries the random state of NumPy beside its weights, so plain arrays must
    # be allowed; nothing else is.
    numpy_state: list[Any] = [
        np.ndarray,
        np.dtype,
        np.dtypes.UInt32DType,
        (_reconstruct, "numpy.core.multiarray._reconstruct"),  # as NumPy 1 wrote it
        (_reconstruct, "numpy._core.multiarray._reconstruct"),
    ]
    try:
        with torch.serialization.safe_globals(numpy_state):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise UserError(
            f"{path} can't be read as a PyTorch checkpoint (damaged, or it asks to run code): "
            f"{str(error).partition(chr(10))[0] or 'it is empty'}"
        ) from error
    state = content.get("model_state_dict") if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping):
        raise UserError(f"{path} has no model_state_dict: it is not a SlowFastSign checkpoint.")
    return {name.replace(".module", ""): tensor.numpy() for name, tensor in state.items()}


def convert_tensors(
    tensors: Mapping[str, np.ndarray], config: ModelConfig | None = None
) -> tuple[ModelConfig, nnx.State]:
    """The released tensors as the state of our model.

    Raises:
        UserError: one message with every missing, surplus, misshapen or non-finite tensor.
    """
    tensors = {name: tensor for name, tensor in tensors.items() if not UNUSED.search(name)}
    config = config or read_architecture(tensors)
    state = abstract_model(config)[1]
    missing, misshapen, not_finite, converted = [], [], [], {}
    surplus = set(tensors)
    for path, variable in nnx.to_flat_state(state):
        name = ".".join(map(str, path))
        released = released_names(name, config)
        surplus -= set(released)
        missing += [one for one in released if one not in tensors]
        if released[0] not in tensors:
            continue
        tensor = tensors[released[0]].astype(np.float32)
        axes = released_axes(name, len(variable.shape), config)
        if tensor.ndim != len(axes) or tensor.transpose(axes).shape != variable.shape:
            misshapen.append(f"{released[0]} {tensor.shape}")
            continue
        if not np.isfinite(tensor).all():
            not_finite.append(released[0])
        converted[path] = variable.replace(jnp.asarray(tensor.transpose(axes)))
    report_problems(
        {
            "missing": missing,
            "surplus": sorted(surplus),
            "of a wrong shape": misshapen,
            "with values that are not finite": not_finite,
        }
    )
    return config, nnx.from_flat_state(converted)


def report_problems(problems: Mapping[str, list[str]]) -> None:
    """Raise one UserError for all of them, the first names of each kind shown."""
    found = OrderedDict((kind, names) for kind, names in problems.items() if names)
    if not found:
        return
    parts = []
    for kind, names in found.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        parts.append(f"{len(names)} tensors {kind}: {', '.join(names[:SHOWN])}{more}")
    raise UserError("The file does not fit the architecture; " + "; ".join(parts) + ".")
