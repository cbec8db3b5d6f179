"""Adam with coupled weight decay, and its learning rate."""

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int

from sfsign_jax.losses import LossWeights
from sfsign_jax.models.config import STAGES
from sfsign_jax.models.lowering import compute_once_on_cpu
from sfsign_jax.models.sign_model import Padding

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's
COSINE_FLOOR = 0.025  # share of the learning rate that is left at the end


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is trained; the defaults are the published recipe.

    See docs/specification.md, "Loss and recipe".
    """

    steps_per_epoch: int  # batches: it depends on the data, so there is no default
    epochs: int = 80
    learning_rate: float = 1e-4
    schedule: str = "steps"  # or "cosine"
    step_epochs: tuple[int, ...] = (40, 60)
    step_factor: float = 0.2
    warmup_steps: int = 0
    weight_decay: float = 1e-4
    loss_weights: LossWeights = LossWeights()
    padding: Padding = "masked"
    crop_size: tuple[int, int] = (224, 224)
    colour: float = 0.0  # how far colours vary, and the size of what is seen (see data.jitter)
    zoom: float = 0.0
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
        if not (0 <= self.zoom < 1 and self.colour >= 0):
            raise ValueError(
                f"zoom is {self.zoom} and colour {self.colour}: shares from 0 on, zoom's below 1."
            )
        if unknown := set(self.remat) - set(STAGES):
            raise ValueError(
                f"remat has the stage {min(unknown)!r}; there are {', '.join(STAGES)}."
            )


def learning_rate(recipe: Recipe, step: Int[Array, ""]) -> Float[Array, ""]:
    """The rate of a step, of which `step` batches were seen before.

    It changes between epochs, or, as a cosine and while warming up, with every step.
    """
    if recipe.schedule == "cosine":
        steps = recipe.epochs * recipe.steps_per_epoch
        share = optax.cosine_decay_schedule(1.0, steps, alpha=COSINE_FLOOR)(step)
    else:
        share = optax.piecewise_constant_schedule(
            1.0, dict.fromkeys(recipe.step_epochs, recipe.step_factor)
        )(step // recipe.steps_per_epoch)
    warmup = jnp.minimum(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return recipe.learning_rate * share * warmup


class Moments(NamedTuple):
    """Adam's running means of the gradient and of its square."""

    updates: Int[Array, ""]
    mu: nnx.State  # of what is trained
    nu: nnx.State


def trained(params: nnx.State, recipe: Recipe) -> nnx.State:
    """Those that the recipe changes."""
    return params if recipe.train_backbone else nnx.filter_state(params, nnx.PathContains("paths"))


def no_moments(params: nnx.State, recipe: Recipe) -> Moments:
    # Made on the host: JAX would compile a program for the zeros of each shape.
    zeros = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), trained(params, recipe))
    mu, nu = jax.device_put((zeros, zeros), may_alias=False)
    return Moments(jnp.zeros((), jnp.int32), mu, nu)


def global_norm(tree: nnx.State) -> Float[Array, ""]:
    """The Euclidean norm of all arrays; row by row first, so that each array takes one kernel."""
    rows = [jnp.square(x).sum(-1).reshape(-1) for x in jax.tree.leaves(tree)]
    return jnp.sqrt(jnp.concatenate(rows).sum())


def adam(
    params: nnx.State,
    gradient: nnx.State,
    moments: Moments,
    rate: Float[Array, ""],
    change: Bool[Array, ""],
    recipe: Recipe,
) -> tuple[nnx.State, Moments]:
    """Parameters and moments after a step, or as they were where not `change` (Adam, algorithm 1).

    The weight decay enters the gradient before the moments, unlike in AdamW.
    """

    def changed(new, old):
        return jax.tree.map(functools.partial(jnp.where, change), new, old)

    old = trained(params, recipe)
    decayed = jax.tree.map(lambda g, p: g + recipe.weight_decay * p, trained(gradient, recipe), old)
    new_moments = Moments(
        moments.updates + 1,
        optax.tree.update_moment(decayed, moments.mu, BETA_1, 1),
        optax.tree.update_moment(decayed, moments.nu, BETA_2, 2),
    )
    # So that the parameters read the new moments: where they computed them once more, all moments
    # would be copied, for they could not be overwritten before that.
    moments = compute_once_on_cpu(changed(new_moments, moments))
    mu = optax.tree.bias_correction(moments.mu, BETA_1, moments.updates)
    nu = optax.tree.bias_correction(moments.nu, BETA_2, moments.updates)
    new = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), old, mu, nu)
    return nnx.merge_state(params, changed(new, old)), moments
