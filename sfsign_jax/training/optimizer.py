"""Adam with coupled weight decay and a learning rate that steps once an epoch."""

import dataclasses

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.losses import LossWeights
from sfsign_jax.models.sign_model import Padding
from sfsign_jax.models.slowfast import STAGES

COSINE_FLOOR = 0.025  # share of the learning rate that is left at the end


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is trained; the defaults are the published recipe (SPEC "Loss and recipe")."""

    epochs: int = 80
    steps_per_epoch: int = 1
    learning_rate: float = 1e-4
    schedule: str = "steps"  # or "cosine"
    step_epochs: tuple[int, ...] = (40, 60)
    step_factor: float = 0.2
    warmup_steps: int = 0
    weight_decay: float = 1e-4
    loss_weights: LossWeights = LossWeights()
    padding: Padding = "masked"
    crop_size: tuple[int, int] = (224, 224)
    compute_dtype: str = "float32"
    train_backbone: bool = True  # False: batches hold its features
    freeze_statistics: bool = False  # batch norms keep and use their running statistics
    accumulation: int = 1  # parts that a batch is computed in, one after the other
    remat: tuple[str, ...] = ()  # stages whose activations are computed again when needed

    def __post_init__(self):
        if self.schedule not in ("steps", "cosine"):
            raise ValueError(f"schedule is {self.schedule!r}; it is 'steps' or 'cosine'.")
        if self.compute_dtype not in ("float32", "bfloat16", "float64"):
            raise ValueError(
                f"compute_dtype is {self.compute_dtype!r}; it is float32, bfloat16 or float64."
            )
        if unknown := set(self.remat) - set(STAGES):
            raise ValueError(
                f"remat has the stage {min(unknown)!r}; there are {', '.join(STAGES)}."
            )


def learning_rate(recipe: Recipe, step: Int[Array, ""]) -> Float[Array, ""]:
    """The rate of the epoch that `step` (batches seen so far) falls into."""
    epoch = step // recipe.steps_per_epoch
    if recipe.schedule == "cosine":
        schedule = optax.cosine_decay_schedule(1.0, recipe.epochs, alpha=COSINE_FLOOR)
    else:
        schedule = optax.piecewise_constant_schedule(
            1.0, dict.fromkeys(recipe.step_epochs, recipe.step_factor)
        )
    warmup = jnp.minimum(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return recipe.learning_rate * schedule(epoch) * warmup


def make_optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """Adam's direction. The decay enters the gradient before the moments, unlike in AdamW."""
    adam = optax.chain(optax.add_decayed_weights(recipe.weight_decay), optax.scale_by_adam())
    if recipe.train_backbone:
        return adam
    return optax.partition({"backbone": optax.set_to_zero(), "paths": adam}, top_level_names)


def top_level_names(params: nnx.State) -> nnx.State:
    """For every array, which part of the model it belongs to."""
    return jax.tree_util.tree_map_with_path(lambda path, _: path[0].key, params)
