"""Clips over eight virtual devices; that they compute the same is for test_gradient to show."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import (
    clip_mesh,
    describe_mesh,
    process_rows,
    replicate,
    round_up_to_devices,
    shard_batch,
)


@pytest.mark.parametrize(("clips", "devices"), [(1, 1), (2, 2), (6, 6), (12, 6), (8, 8), (9, 3)])
def test_as_many_devices_as_share_a_batch_evenly(clips, devices):
    mesh = clip_mesh(clips)
    assert mesh.size == devices
    assert describe_mesh(mesh).startswith(f"{devices} of 8 devices" if devices < 8 else "8 devices")
    assert round_up_to_devices(clips + 1, mesh) % devices == 0
    rows = shard_batch(np.arange(clips), mesh)
    assert len({shard.device for shard in rows.addressable_shards}) == devices
    np.testing.assert_array_equal(rows, np.arange(clips))


def test_processes_share_rows_in_order(monkeypatch):
    monkeypatch.setattr(jax, "process_count", lambda: 4)
    rows = []
    for process in range(4):
        monkeypatch.setattr(jax, "process_index", lambda process=process: process)
        rows.extend(range(8)[process_rows(8)])
    assert rows == list(range(8))
    with pytest.raises(UserError, match="4 processes can't share 6 clips evenly"):
        clip_mesh(6)


def test_keys_are_placed_too():
    (key,) = replicate([jax.random.key(3)], clip_mesh(8))
    assert jnp.array_equal(jax.random.key_data(key), jax.random.key_data(jax.random.key(3)))
