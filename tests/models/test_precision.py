"""Oracle: the types in the program of a bf16 training step, every operation of it."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import pytest
from oracle import small_config
from training_batch import batch

from sfsign_jax.models.fusion import FUSIONS
from sfsign_jax.training import Recipe, create_train_state, train_step

FEW = 8  # values that may be summed in bf16: neighbouring steps, taps


def operations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for value in jax.tree.leaves([*equation.params.values()], is_leaf=has_operations):
            if has_operations(value):
                yield from operations(getattr(value, "jaxpr", value))


def has_operations(value):
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")


def is_half(variable):
    return variable.aval.dtype in (jnp.bfloat16, jnp.float16)


@pytest.mark.parametrize("fusion", [name for name, weight in FUSIONS.items() if weight is not None])
def test_what_a_half_precision_step_computes_in_f32(fusion):
    config = small_config(num_classes=5, depths=(1, 1, 1, 1))
    config = dataclasses.replace(
        config, backbone=dataclasses.replace(config.backbone, fusion=fusion)
    )
    recipe = Recipe(steps_per_epoch=10, crop_size=(32, 32), compute_dtype="bfloat16")
    state = jax.eval_shape(lambda: create_train_state(config, recipe))
    traced = train_step.program("cpu").trace(state, batch(), config=config, recipe=recipe)
    half = [
        equation
        for equation in operations(traced.jaxpr.jaxpr)
        if any(map(is_half, equation.invars))
    ]
    assert sum(equation.primitive.name == "conv_general_dilated" for equation in half) > 20
    for equation in half:
        name, (operand, *_) = equation.primitive.name, equation.invars
        assert name not in ("exp", "log", "log1p", "tanh", "logistic", "sqrt", "rsqrt"), equation
        if name == "reduce_sum":
            axes = equation.params["axes"]
            assert math.prod(operand.aval.shape[axis] for axis in axes) <= FEW, equation
    assert not any(map(is_half, traced.jaxpr.jaxpr.outvars))  # the new state and the losses
