"""The loss of a batch and its gradient, at once or part by part."""

import functools
from typing import Any, NotRequired, TypedDict

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int, UInt8

from sfsign_jax.data.jitter import jitter
from sfsign_jax.data.transforms import crop_flip_normalize
from sfsign_jax.losses import recognition_loss
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import num_steps, video_length
from sfsign_jax.models.mode import TrainingMode
from sfsign_jax.models.packing import pack_vectors, unpack_vectors
from sfsign_jax.models.sign_model import ModelOutputs, SignModel, model_with, of_longest
from sfsign_jax.training.optimizer import Recipe
from sfsign_jax.training.state import TrainState

JITTER = 1  # folded into a step's key: apart from dropout's keys


class Batch(TypedDict):
    """Frames with what is drawn for them, or features."""

    frames: NotRequired[UInt8[Array, "b n height width 3"]]  # as stored, filled up to the bucket
    corner: NotRequired[Int[Array, "b 2"]]  # top and left of the crop
    flip: NotRequired[Bool[Array, " b"]]
    features: NotRequired[Float[Array, "b t c"]]  # of padded frames, filled up to the bucket
    num_frames: Int[Array, " b"]
    labels: Int[Array, "b u"]
    num_labels: Int[Array, " b"]


def loss_and_gradient(
    state: TrainState, batch: Batch, config: ModelConfig, recipe: Recipe
) -> tuple[tuple[Array, tuple[dict[str, Array], nnx.State]], nnx.State]:
    """((loss, (its parts, new batch statistics)), gradient) of a batch.

    A batch may be computed in parts, one after the other: each with the batch statistics of its
    own clips, and in reference padding with its own longest clip; all else is as for the whole.
    """
    key = jax.random.fold_in(state.key, state.step)
    if recipe.accumulation == 1:
        views = views_of(batch, recipe)
        return jax.value_and_grad(part_loss, has_aux=True)(
            state.params, state.batch_stats, views, key, None, config=config, recipe=recipe
        )
    parts = jax.tree.map(functools.partial(interleaved_parts, parts=recipe.accumulation), batch)
    parts = views_of(parts, recipe, axis=1)
    stack = config.temporal_stack
    steps = num_steps(video_length(parts["num_frames"], stack), stack)
    valid_steps = jax.vmap(lambda n: of_longest(n, recipe.padding))(steps)
    count = valid_steps.sum() / recipe.accumulation

    def add(carry, part_and_key):
        batch_stats, summed = carry
        part, part_key = part_and_key
        (loss, (terms, batch_stats)), gradient = jax.value_and_grad(part_loss, has_aux=True)(
            state.params, batch_stats, part, part_key, count, config=config, recipe=recipe
        )
        return (batch_stats, jax.tree.map(jnp.add, summed, gradient)), (loss, terms)

    keys = jax.random.split(key, recipe.accumulation)
    zeros = jax.tree.map(jnp.zeros_like, state.params)
    (batch_stats, summed), losses = jax.lax.scan(add, (state.batch_stats, zeros), (parts, keys))
    gradient = jax.tree.map(lambda x: x / recipe.accumulation, summed)
    loss, terms = jax.tree.map(jnp.mean, losses)
    return (loss, (terms, batch_stats)), gradient


def views_of(batch: Batch, recipe: Recipe, axis: int = 0) -> Batch:
    """Every clip twice, one after the other, where the recipe compares two views of it."""
    if not recipe.loss_weights.consistency:
        return batch
    return jax.tree.map(lambda rows: jnp.repeat(rows, 2, axis), batch)


def interleaved_parts(rows: Array, parts: int) -> Array:
    """(clips, …) as (parts, clips / parts, …), so that every device has clips of every part."""
    return jnp.moveaxis(rows.reshape(-1, parts, *rows.shape[1:]), 1, 0)


def part_loss(
    params: nnx.State,
    batch_stats: nnx.State,
    batch: Batch,
    key: Array,
    count: Array | None,
    *,
    config: ModelConfig,
    recipe: Recipe,
) -> tuple[Array, tuple[dict[str, Array], nnx.State]]:
    """loss, (its parts, new batch statistics)."""
    model = model_with(config, *(unpack_vectors(x, config) for x in (params, batch_stats)))
    outputs = outputs_of(model, batch, recipe, key)
    total, parts = recognition_loss(
        outputs, batch["labels"], batch["num_labels"], recipe.loss_weights, count
    )
    statistics = nnx.state(model, nnx.BatchStat)
    return total, (parts, pack_vectors(statistics) if config.backbone.stacked else statistics)


def outputs_of(model: SignModel, batch: Batch, recipe: Recipe, key: Array) -> ModelOutputs:
    options: dict[str, Any] = {
        "padding": recipe.padding,
        "training": TrainingMode(key, recipe.freeze_statistics, recipe.remat),
    }
    if "features" in batch:
        return model.from_features(batch["features"], batch["num_frames"], **options)
    return model(frames_seen(batch, recipe, key), batch["num_frames"], **options)


def frames_seen(batch: Batch, recipe: Recipe, key: Array) -> Float[Array, "b n h w 3"]:
    """What the model sees of a batch of frames, whose rows are two views of each clip or one."""
    frames = crop_flip_normalize(
        batch["frames"], batch["corner"], batch["flip"], recipe.crop_size, recipe.compute_dtype
    )
    if not (recipe.colour or recipe.zoom or recipe.invert):
        return frames
    of_jitter = jax.random.fold_in(key, JITTER)
    inverted = recipe.invert & (jnp.arange(len(frames)) % 2 == 1)
    return jitter(frames, of_jitter, recipe.colour, recipe.zoom, inverted)
