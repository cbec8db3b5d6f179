"""Oracle: the same arrays by themselves."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracle import small_config

from sfsign_jax.models.packing import for_device, from_device, pack_vectors, unpack_vectors
from sfsign_jax.models.sign_model import new_model

CONFIG = small_config(depths=(1, 3, 2, 1), temporal_blocks=(1, 1, 2, 1))
STACKED = dataclasses.replace(CONFIG, backbone=dataclasses.replace(CONFIG.backbone, stacked=True))


@pytest.fixture(scope="module")
def state():
    """Of a model, each value another number."""
    leaves, tree = jax.tree.flatten(nnx.state(new_model(CONFIG)))
    numbers = np.arange(sum(x.size for x in leaves), dtype=np.float32)
    parts = np.split(numbers, np.cumsum([x.size for x in leaves])[:-1])
    arrays = [jnp.asarray(part.reshape(x.shape)) for part, x in zip(parts, leaves, strict=True)]
    return jax.tree.unflatten(tree, arrays)


def assert_same(ours: nnx.State, theirs: nnx.State) -> None:
    flat = dict(nnx.to_flat_state(ours))
    for path, variable in nnx.to_flat_state(theirs):
        assert type(flat[path]) is type(variable)
        np.testing.assert_array_equal(flat.pop(path)[...], variable[...])
    assert not flat


def test_kernels_and_four_long_vectors_lie_on_the_device(state):
    on_device = for_device(STACKED, state)
    paths = [path for path, _ in nnx.to_flat_state(on_device)]
    assert [path for path in paths if not path[-1].startswith("kernel")] == [
        ("backbone", "statistics"),
        ("backbone", "vectors"),
        ("paths", "statistics"),
        ("paths", "vectors"),
    ]
    assert_same(from_device(STACKED, on_device), state)
    assert for_device(CONFIG, state) is from_device(CONFIG, state) is state


@pytest.mark.parametrize("kinds", [nnx.Param, nnx.BatchStat, nnx.PathContains("paths")])
def test_a_part_of_a_state_is_packed_alike(state, kinds):
    part = nnx.filter_state(state, kinds)
    packed = pack_vectors(part)
    assert_same(unpack_vectors(packed, CONFIG), part)
    assert_same(jax.jit(unpack_vectors, static_argnums=1)(packed, CONFIG), part)


def test_gradients_come_packed(state):
    params = nnx.filter_state(state, nnx.Param)

    def weigh(params):
        return sum((x * x / 2).sum() for x in jax.tree.leaves(unpack_vectors(params, CONFIG)))

    packed = pack_vectors(params)
    assert_same(jax.grad(weigh)(packed), packed)
