"""One step of training: frames and labels in, a better model out."""

import functools

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from sfsign_jax.models.config import ModelConfig
from sfsign_jax.runtime.compilation import jit_training
from sfsign_jax.runtime.mesh import constrain_replicated
from sfsign_jax.training.gradient import Batch, loss_and_gradient
from sfsign_jax.training.optimizer import Recipe, global_norm, learning_rate, update
from sfsign_jax.training.state import TrainState


@functools.partial(jit_training, static_argnames=("config", "recipe"), donate_argnames="state")
def train_step(
    state: TrainState, batch: Batch, *, config: ModelConfig, recipe: Recipe
) -> tuple[TrainState, dict[str, Float[Array, ""]]]:
    """The state after one batch, and the loss, its parts, grad_norm and learning_rate.

    A batch whose loss or gradient is not finite changes nothing but the counts.
    """
    (loss, (parts, batch_stats)), gradient = loss_and_gradient(state, batch, config, recipe)
    grad_norm = global_norm(gradient)
    rate = learning_rate(recipe, state.step)
    finite = jnp.isfinite(loss) & jnp.isfinite(grad_norm)
    params, moments = update(state.params, gradient, state.moments, rate, finite, recipe)
    batch_stats = jax.tree.map(functools.partial(jnp.where, finite), batch_stats, state.batch_stats)
    state = TrainState(
        step=state.step + 1,
        skipped=state.skipped + ~finite,
        params=params,
        batch_stats=batch_stats,
        moments=moments,
        key=state.key,
    )
    metrics = {
        "loss": loss,
        **parts,
        "grad_norm": grad_norm,
        "learning_rate": rate,
        "skipped": jnp.copy(state.skipped),
    }
    return constrain_replicated((state, metrics))
