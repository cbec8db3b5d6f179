"""All vectors of a state as a few long ones, for compilers that take their time for each array.

Vectors are all but the kernels of convolutions and products: scales, offsets, statistics. Of a
state's arrays they are two thirds, of its numbers a two hundredth.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import abstract_model
from sfsign_jax.models.stacking import is_kernel, stack_blocks, unstack_blocks

LONG = {nnx.Param: "vectors", nnx.BatchStat: "statistics"}  # names of what they become

Flat = Iterable[tuple[Any, nnx.Variable]]
Members = list[tuple[Any, nnx.Variable]]


def pack_vectors(state: nnx.State) -> nnx.State:
    """One vector for the backbone's parameters, one for its statistics, and two for the paths'."""
    flat = nnx.to_flat_state(state)
    packed = [(path, variable) for path, variable in flat if is_kernel(path)]
    for path, members in long_vectors(flat):
        values = [variable[...].reshape(-1) for _, variable in members]
        concatenate = np.concatenate if isinstance(values[0], np.ndarray) else jnp.concatenate
        packed.append((path, members[0][1].replace(concatenate(values))))
    return nnx.from_flat_state(packed)


def unpack_vectors(state: nnx.State, config: ModelConfig) -> nnx.State:
    """The way back, to the state of `config`'s model. A state that is not packed stays as it is."""
    flat: dict[Any, nnx.Variable] = dict(nnx.to_flat_state(state))
    for path, members in long_vectors(nnx.to_flat_state(abstract_model(config)[1])):
        if path in flat:
            long = flat.pop(path)
            stops = np.cumsum([math.prod(variable.shape) for _, variable in members])
            split = np.split if isinstance(long[...], np.ndarray) else jnp.split
            parts: list[Any] = split(long[...], stops[:-1])
            for (name, variable), part in zip(members, parts, strict=True):
                flat[name] = long.replace(part.reshape(variable.shape))
    return nnx.from_flat_state(flat)


def for_device(config: ModelConfig, state: nnx.State) -> nnx.State:
    """A state as it lies on the device: as it is, or stacked and packed where `config` says so."""
    if not config.backbone.stacked:
        return state
    return pack_vectors(stack_blocks(jax.device_get(state), config.backbone))


def from_device(config: ModelConfig, state: nnx.State) -> nnx.State:
    """The way back, for checkpoints: on the host, where `for_device` changed anything."""
    if not config.backbone.stacked:
        return state
    return unstack_blocks(unpack_vectors(jax.device_get(state), config), config.backbone)


def long_vectors(flat: Flat) -> Iterator[tuple[tuple[str, str], Members]]:
    """The path of each long vector, and those of a state that lie in it, in their order."""

    def place(member: tuple[Any, nnx.Variable]) -> tuple[str, str]:
        path, variable = member
        return path[0], LONG[type(variable)]

    vectors = [member for member in flat if not is_kernel(member[0])]
    vectors.sort(key=lambda member: (place(member), member[0]))
    for path, members in itertools.groupby(vectors, place):
        yield path, list(members)
