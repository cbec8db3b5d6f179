"""Adam with coupled weight decay, Muon, and their learning rate."""

import dataclasses
import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int
from optax.contrib import MuonDimensionNumbers, scale_by_muon

from sfsign_jax.losses import LossWeights
from sfsign_jax.models.config import STAGES
from sfsign_jax.models.lowering import compute_once_on_cpu
from sfsign_jax.models.sign_model import Padding
from sfsign_jax.models.stacking import is_kernel

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's
MUON_BETA, MUON_ITERATIONS = 0.95, 3
MUON_STEP = 0.2  # root mean square of a step, so that it takes Adam's learning rates
COSINE_FLOOR = 0.025  # share of the learning rate that is left at the end


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is trained; the defaults are the published recipe.

    See docs/specification.md, "Loss and recipe".
    """

    steps_per_epoch: int  # batches: it depends on the data, so there is no default
    epochs: int = 80
    algorithm: str = "adam"  # or "muon"
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
    invert: bool = False  # in the second view of every clip
    compute_dtype: str = "float32"
    train_backbone: bool = True  # False: batches hold its features
    freeze_statistics: bool = False  # batch norms keep and use their running statistics
    accumulation: int = 1  # parts that a batch is computed in, one after the other
    remat: tuple[str, ...] = ()  # stages whose activations are computed again when needed

    def __post_init__(self):
        if self.algorithm not in ("adam", "muon"):
            raise ValueError(f"algorithm is {self.algorithm!r}; it is 'adam' or 'muon'.")
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
        if self.invert and not self.loss_weights.consistency:
            raise ValueError(
                "invert is for the second of two views, and loss.consistency is 0: set it, or "
                "config.data.invert to False."
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
    """Running means of the gradient and, of what Adam changes, of its square."""

    updates: Int[Array, ""]
    mu: nnx.State  # of what is trained
    nu: nnx.State


def trained(params: nnx.State, recipe: Recipe) -> nnx.State:
    """Those that the recipe changes."""
    return params if recipe.train_backbone else nnx.filter_state(params, nnx.PathContains("paths"))


def is_convolution(path: Any, variable: Any) -> bool:
    """Whether a parameter is a convolution's kernel: those of products have two axes."""
    return is_kernel(path) and variable.ndim > 2


def by_algorithm(state: nnx.State, recipe: Recipe) -> tuple[nnx.State, nnx.State]:
    """What Muon changes, and what Adam does."""
    muons = is_convolution if recipe.algorithm == "muon" else nnx.Nothing()
    for_muon, for_adam = nnx.split_state(state, muons, ...)
    return for_muon, for_adam


def no_moments(params: nnx.State, recipe: Recipe) -> Moments:
    # Made on the host: JAX would compile a program for the zeros of each shape.
    mu = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), trained(params, recipe))
    mu, nu = jax.device_put((mu, by_algorithm(mu, recipe)[1]), may_alias=False)
    return Moments(jnp.zeros((), jnp.int32), mu, nu)


def global_norm(tree: nnx.State) -> Float[Array, ""]:
    """The Euclidean norm of all arrays; row by row first, so that each array takes one kernel."""
    rows = [jnp.square(x).sum(-1).reshape(-1) for x in jax.tree.leaves(tree)]
    return jnp.sqrt(jnp.concatenate(rows).sum())


def update(
    params: nnx.State,
    gradient: nnx.State,
    moments: Moments,
    rate: Float[Array, ""],
    change: Bool[Array, ""],
    recipe: Recipe,
) -> tuple[nnx.State, Moments]:
    """Parameters and moments after a step, or as they were where not `change`.

    By Adam (algorithm 1) or, of the convolutions, by Muon where the recipe says so. The
    weight decay enters the gradient before the moments, unlike in AdamW.
    """

    def changed(new, old):
        return jax.tree.map(functools.partial(jnp.where, change), new, old)

    old = trained(params, recipe)
    decayed = jax.tree.map(lambda g, p: g + recipe.weight_decay * p, trained(gradient, recipe), old)
    for_muon, for_adam = by_algorithm(decayed, recipe)
    muon_mu, adam_mu = by_algorithm(moments.mu, recipe)
    mu = nnx.merge_state(
        optax.tree.update_moment(for_muon, muon_mu, MUON_BETA, 1),
        optax.tree.update_moment(for_adam, adam_mu, BETA_1, 1),
    )
    nu = optax.tree.update_moment(for_adam, moments.nu, BETA_2, 2)
    # So that the parameters read the new moments: where they computed them once more, all moments
    # would be copied, for they could not be overwritten before that.
    moments = compute_once_on_cpu(changed(Moments(moments.updates + 1, mu, nu), moments))
    muon_mu, adam_mu = by_algorithm(moments.mu, recipe)
    steps = nnx.merge_state(
        muon_steps(for_muon, muon_mu), adam_steps(adam_mu, moments.nu, moments.updates)
    )
    new = jax.tree.map(lambda p, step: p - rate * step, old, steps)
    return nnx.merge_state(params, changed(new, old)), moments


def adam_steps(mu: nnx.State, nu: nnx.State, updates: Int[Array, ""]) -> nnx.State:
    """Adam's steps at a learning rate of 1."""
    mu = optax.tree.bias_correction(mu, BETA_1, updates)
    nu = optax.tree.bias_correction(nu, BETA_2, updates)
    return jax.tree.map(lambda m, v: m / (jnp.sqrt(v) + EPSILON), mu, nu)


def muon_steps(gradient: nnx.State, mu: nnx.State) -> nnx.State:
    """Muon's steps at a learning rate of 1: nearly the orthogonal matrices nearest to `mu`.

    A kernel is a matrix from what a window holds to the channels that come out (Jordan et al.,
    "Muon", 2024); the size is that of Liu et al., "Muon is scalable for LLM training", 2025.
    """
    ahead = jax.tree.map(lambda m, g: MUON_BETA * m + (1 - MUON_BETA) * g, mu, gradient)  # Nesterov
    # It has a running mean of its own, which without a beta is what it is given.
    orthogonal = scale_by_muon(
        ns_steps=MUON_ITERATIONS,
        beta=0.0,
        nesterov=False,
        weight_dimension_numbers=functools.partial(jax.tree.map, matrix_of_kernel),
    )
    matrices, _ = orthogonal.update(ahead, orthogonal.init(ahead))
    return jax.tree.map(lambda x: MUON_STEP * math.sqrt(longer_side(x)) * x, matrices)


def matrix_of_kernel(kernel: Array) -> MuonDimensionNumbers:
    """Axes of place and the channels that go in, and those that come out.

    An axis before them is that of blocks which are stacked (see models.stacking).
    """
    return MuonDimensionNumbers(tuple(range(-min(kernel.ndim, 5), -1)), -1)


def longer_side(kernel: Array) -> int:
    """Of its matrix."""
    *window, channels = kernel.shape[-5:]
    return max(math.prod(window), channels)
