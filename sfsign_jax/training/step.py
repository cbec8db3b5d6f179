"""One step of training: frames and labels in, a better model out."""

import functools
from typing import Any, NotRequired, TypedDict

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int, UInt8

from sfsign_jax.data.transforms import crop_flip_normalize
from sfsign_jax.losses import recognition_loss
from sfsign_jax.models.sign_model import ModelConfig, ModelOutputs, SignModel, model_with
from sfsign_jax.training.optimizer import Recipe, learning_rate, make_optimizer
from sfsign_jax.training.state import TrainState


class Batch(TypedDict):
    """Frames with what is drawn for them, or features."""

    frames: NotRequired[UInt8[Array, "b n height width 3"]]  # as stored, filled up to the bucket
    corner: NotRequired[Int[Array, "b 2"]]  # top and left of the crop
    flip: NotRequired[Bool[Array, " b"]]
    features: NotRequired[Float[Array, "b t c"]]  # of padded frames, filled up to the bucket
    num_frames: Int[Array, " b"]
    labels: Int[Array, "b u"]
    num_labels: Int[Array, " b"]


@functools.partial(jax.jit, static_argnames=("config", "recipe"), donate_argnames="state")
def train_step(
    state: TrainState, batch: Batch, *, config: ModelConfig, recipe: Recipe
) -> tuple[TrainState, dict[str, Float[Array, ""]]]:
    """The state after one batch, and the loss, its parts, grad_norm and learning_rate.

    A batch whose loss or gradient is not finite changes nothing but the counts.
    """
    key = jax.random.fold_in(state.key, state.step)

    def loss_of(params):
        model = model_with(config, params, state.batch_stats)
        outputs = outputs_of(model, batch, recipe, key)
        total, parts = recognition_loss(
            outputs, batch["labels"], batch["num_labels"], recipe.loss_weights
        )
        return total, (parts, nnx.state(model, nnx.BatchStat))

    (loss, (parts, batch_stats)), gradient = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    grad_norm = optax.tree.norm(gradient)
    rate = learning_rate(recipe, state.step)
    direction, optimizer = make_optimizer(recipe).update(gradient, state.optimizer, state.params)
    params = jax.tree.map(lambda p, d: p - rate * d, state.params, direction)

    finite = jnp.isfinite(loss) & jnp.isfinite(grad_norm)
    old = (state.params, state.batch_stats, state.optimizer)
    new = jax.tree.map(functools.partial(jnp.where, finite), (params, batch_stats, optimizer), old)
    params, batch_stats, optimizer = new
    state = TrainState(
        step=state.step + 1,
        skipped=state.skipped + ~finite,
        params=params,
        batch_stats=batch_stats,
        optimizer=optimizer,
        key=state.key,
    )
    return state, {
        "loss": loss,
        **parts,
        "grad_norm": grad_norm,
        "param_norm": optax.tree.norm(params),
        "learning_rate": rate,
        "skipped": jnp.copy(state.skipped),
    }


def outputs_of(model: SignModel, batch: Batch, recipe: Recipe, key: Array) -> ModelOutputs:
    options: dict[str, Any] = {"padding": recipe.padding, "train": True, "key": key}
    if "features" in batch:
        return model.from_features(batch["features"], batch["num_frames"], **options)
    frames = crop_flip_normalize(
        batch["frames"], batch["corner"], batch["flip"], recipe.crop_size, recipe.compute_dtype
    )
    return model(frames, batch["num_frames"], **options)
