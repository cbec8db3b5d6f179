"""All that a step changes."""

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Int

from sfsign_jax.errors import UserError
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.packing import for_device, from_device
from sfsign_jax.models.sign_model import new_model
from sfsign_jax.runtime.compilation import kernels_are_costly
from sfsign_jax.training.optimizer import Moments, Recipe, no_moments


class TrainState(NamedTuple):
    """All that a step changes."""

    step: Int[Array, ""]  # batches seen, skipped ones too
    skipped: Int[Array, ""]  # batches whose loss or gradient was not finite
    params: nnx.State
    batch_stats: nnx.State
    moments: Moments
    key: Array  # of dropout; folded with the step


def map_weights(state: TrainState, change: Callable[[nnx.State], nnx.State]) -> TrainState:
    """The state with `change` of whatever has the model's parameters for its shape."""
    params, batch_stats, mu, nu = map(
        change, (state.params, state.batch_stats, state.moments.mu, state.moments.nu)
    )
    moments = state.moments._replace(mu=mu, nu=nu)
    return state._replace(params=params, batch_stats=batch_stats, moments=moments)


def config_on_device(config: ModelConfig) -> ModelConfig:
    """How weights lie on the default device while they are trained (see models.packing)."""
    backbone = dataclasses.replace(config.backbone, stacked=kernels_are_costly())
    return dataclasses.replace(config, backbone=backbone)


def state_on_device(state: TrainState, config: ModelConfig) -> TrainState:
    """A state whose weights lie as `config` says, from one that has every array by itself."""
    return map_weights(state, functools.partial(for_device, config))


def state_on_host(state: TrainState, config: ModelConfig) -> TrainState:
    """The way back."""
    return map_weights(state, functools.partial(from_device, config))


def create_train_state(config: ModelConfig, recipe: Recipe, seed: int = 0) -> TrainState:
    """A fresh model and optimizer."""
    return train_state_of(nnx.state(new_model(config, seed)), recipe, seed)


def train_state_of(state: nnx.State, recipe: Recipe, seed: int = 0) -> TrainState:
    """A fresh optimizer around the parameters of an existing model."""
    if recipe.compute_dtype == "float64":
        if not jax.config.values["jax_enable_x64"]:
            raise UserError("compute_dtype float64 needs JAX_ENABLE_X64=1 in the environment")
        state = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), state)
    params, batch_stats = nnx.split_state(state, nnx.Param, nnx.BatchStat)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        skipped=jnp.zeros((), jnp.int32),
        params=params,
        batch_stats=batch_stats,
        moments=no_moments(params, recipe),
        key=jax.random.key(seed),
    )
