"""Oracle: the network that has each block by itself."""

import dataclasses

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import oracle_of, small_config, state_of

from sfsign_jax.models.mode import TrainingMode
from sfsign_jax.models.sign_model import abstract_model, model_with, new_model
from sfsign_jax.models.stacking import runs_of, stack_blocks, unstack_blocks

CONFIG = small_config(depths=(2, 4, 5, 3), temporal_blocks=(2, 2, 3, 1))
STACKED = dataclasses.replace(CONFIG, backbone=dataclasses.replace(CONFIG.backbone, stacked=True))


@pytest.fixture(scope="module")
def state():
    return state_of(CONFIG, oracle_of(CONFIG))


def test_the_published_backbone_has_eighteen_kinds_of_blocks():
    published = dataclasses.replace(small_config().backbone, depths=(3, 4, 23, 3), stacked=True)
    published = dataclasses.replace(published, temporal_blocks=(3, 4, 6, 3))
    runs = [
        run for s in ("s2", "s3", "s4", "s5") for p in (0, 1) for run in runs_of(published, s, p)
    ]
    assert len(runs) == 18
    assert sum(run.num_blocks for run in runs) == 2 * 33
    assert [run.name for run in runs_of(published, "s4", 1)] == [
        "pathway1_res0",
        "pathway1_res1_to_5",
        "pathway1_res6_to_22",
    ]


def test_stacked_and_taken_apart_it_is_the_same(state):
    stacked = stack_blocks(state, STACKED.backbone)
    shapes = abstract_model(STACKED)[1]
    assert jax.tree.map(lambda x: x.shape, stacked) == jax.tree.map(lambda x: x.shape, shapes)
    back = dict(nnx.to_flat_state(unstack_blocks(stacked, STACKED.backbone)))
    for path, variable in nnx.to_flat_state(state):
        np.testing.assert_array_equal(back.pop(path)[...], variable[...])
    assert not back


def test_a_new_stacked_model_draws_each_block_by_itself():
    drawn, stacked = (nnx.state(new_model(config)) for config in (CONFIG, STACKED))
    back = dict(nnx.to_flat_state(unstack_blocks(stacked, STACKED.backbone)))
    for path, variable in nnx.to_flat_state(drawn):
        np.testing.assert_array_equal(back[path][...], variable[...])


@pytest.mark.parametrize(
    "training",
    [
        pytest.param(None, id="recognition"),
        pytest.param(TrainingMode(), id="training"),
        pytest.param(
            TrainingMode(freeze_statistics=True, remat=("s3",)), id="frozen", marks=pytest.mark.slow
        ),
    ],
)
def test_loss_gradient_and_statistics_are_the_same(state, training):
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(2, 24, 32, 32, 3)).astype(np.float32)

    def result(config, state):
        def loss(params, statistics):
            model = model_with(config, params, statistics)
            outputs = model(frames, np.array([20, 13]), training=training)
            total = sum(path.conv_logits.var() for path in outputs.paths.values())
            return total, nnx.state(model, nnx.BatchStat)

        arguments = nnx.split_state(state, nnx.Param, nnx.BatchStat)
        (total, statistics), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(*arguments)
        apart = (unstack_blocks(x, config.backbone) for x in (statistics, gradient))
        return total, *apart

    expected = result(CONFIG, state)
    ours = result(STACKED, stack_blocks(state, STACKED.backbone))
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        scale = max(1e-6, float(np.abs(other).max()))
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-5 * scale)
