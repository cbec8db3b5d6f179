"""The tensors of a file at the places of a model's parameters, and everything wrong with them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from sfsign_jax.conversion.problems import report_problems

Parameter = tuple[Any, nnx.Variable]  # its path in the state, and its value or shape


def place_tensors(
    parameters: Iterable[Parameter],
    tensors: Mapping[str, np.ndarray],
    names_of: Callable[[Any], list[str]],
    fit: Callable[[Parameter, np.ndarray], np.ndarray | None],
    shape_of: Callable[[Parameter], tuple[int, ...]],
    source: str | Path,
) -> dict[Any, nnx.Variable]:
    """Parameters by their path, with values from `tensors`, f32; errors name these by `source`.

    `names_of` a path are the tensors that hold that parameter; of several, which must be equal,
    the first is taken. `fit` brings a tensor to the parameter's shape, or says None; `shape_of` is
    what the file's tensor should have had, for the message.

    Raises:
        UserError: one message with every missing, surplus, misshapen or non-finite tensor.
    """
    missing, misshapen, not_finite, unequal, placed = [], [], [], [], {}
    surplus = set(tensors)
    for path, variable in parameters:
        names = names_of(path)
        surplus -= set(names)
        missing += [name for name in names if name not in tensors]
        if names[0] not in tensors:
            continue
        tensor = tensors[names[0]]
        fitted = fit((path, variable), tensor)
        if fitted is None:
            misshapen.append(f"{names[0]} {tensor.shape} for {shape_of((path, variable))}")
            continue
        if not np.isfinite(fitted).all():
            not_finite.append(names[0])
        known = [name for name in names[1:] if name in tensors]
        unequal += [name for name in known if not np.array_equal(tensors[name], tensor)]
        # A copy, never a window, or the file would stay in memory as long as the model.
        placed[path] = variable.replace(jnp.array(fitted, jnp.float32))
    report_problems(
        source,
        {
            "missing": missing,
            "surplus": sorted(surplus),
            "of a wrong shape": misshapen,
            "with values that are not finite": not_finite,
            "of a shared classifier that differ": unequal,
        },
    )
    return placed
