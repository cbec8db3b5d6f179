"""Data parallelism: a batch's clips over all devices of all processes, all else on each of them.

The mesh and every sharding of the project are stated here. The compiler does the rest: batch
statistics, losses and gradients are of the whole batch, since a jitted function sees it whole.

One device gets plain placements and no mesh at all: some backends know nothing of sharding.
"""

import contextlib
import json
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import (
    AxisType,
    Mesh,
    NamedSharding,
    PartitionSpec,
    Sharding,
    SingleDeviceSharding,
)

from sfsign_jax.errors import UserError

CLIPS = "clips"  # the mesh's only axis

Tree = TypeVar("Tree")


def clip_mesh(batch_size: int) -> Mesh:
    """As many devices as share a batch evenly, equally many of every process.

    Raises:
        UserError: the processes can't share a batch evenly.
    """
    processes = jax.process_count()
    if batch_size % processes:
        raise UserError(
            f"{processes} processes can't share {batch_size} clips evenly: make the batch size "
            "(with accumulation, of each part) a multiple"
        )
    own: dict[int, list[jax.Device]] = {}
    for device in jax.devices():
        own.setdefault(device.process_index, []).append(device)
    fewest = min(map(len, own.values()))
    each = max(n for n in range(1, fewest + 1) if batch_size // processes % n == 0)
    devices = [device for process in sorted(own) for device in own[process][:each]]
    return Mesh(np.array(devices), (CLIPS,), axis_types=(AxisType.Auto,))


def describe_mesh(mesh: Mesh) -> str:
    """For example "2 of 8 devices (cpu)"."""
    device = mesh.devices.flat[0]
    used = "1 device" if mesh.size == jax.device_count() == 1 else f"{mesh.size} devices"
    if mesh.size < jax.device_count():
        used = f"{mesh.size} of {jax.device_count()} devices"
    return f"{used} ({device.device_kind})"


def use_mesh(mesh: Mesh) -> contextlib.AbstractContextManager:
    """A context to call jitted functions in that use `constrain_replicated`."""
    return jax.set_mesh(mesh) if mesh.size > 1 else contextlib.nullcontext()


def sharding(mesh: Mesh, *axes: str) -> Sharding:
    if mesh.size == 1:
        return SingleDeviceSharding(mesh.devices.flat[0])
    return NamedSharding(mesh, PartitionSpec(*axes))


def process_rows(batch_size: int) -> slice:
    """The rows of a batch that this process loads."""
    own = batch_size // jax.process_count()
    return slice(jax.process_index() * own, (jax.process_index() + 1) * own)


def round_up_to_devices(batch_size: int, mesh: Mesh) -> int:
    """The next size that the devices share evenly."""
    return -(-batch_size // mesh.size) * mesh.size


def shard_batch(rows: Tree, mesh: Mesh) -> Tree:
    """A batch on its devices; of several processes, each gives its own rows."""
    if mesh.size == 1:
        return jax.device_put(rows, sharding(mesh))
    place = sharding(mesh, CLIPS)
    return jax.tree.map(lambda x: jax.make_array_from_process_local_data(place, x), rows)


def replicate(tree: Tree, mesh: Mesh) -> Tree:
    """Arrays that every process has, on every device."""
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding(mesh))
    place = sharding(mesh)

    def put(x):
        if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(put(jax.random.key_data(x)))
        return jax.make_array_from_process_local_data(place, np.asarray(x))

    return jax.tree.map(put, tree)


def constrain_replicated(tree: Tree) -> Tree:
    """Within a jitted function: every device gets all of it."""
    if jax.sharding.get_abstract_mesh().empty:
        return tree
    return jax.lax.with_sharding_constraint(tree, PartitionSpec())


def is_first_process() -> bool:
    """Whether this process writes what a run leaves behind."""
    return jax.process_index() == 0


def broadcast_from_first_process(value: Any) -> Any:
    """What the first process has, in all of them: anything that JSON can hold."""
    if jax.process_count() == 1:
        return value
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    length = int(multihost_utils.broadcast_one_to_all(np.int32(len(text))))
    text = np.resize(text, length)
    return json.loads(multihost_utils.broadcast_one_to_all(text).tobytes())


def broadcast_arrays_from_first_process(tree: Tree) -> Tree:
    """The arrays that the first process has, in all of them; all have the same shapes."""
    return multihost_utils.broadcast_one_to_all(tree) if jax.process_count() > 1 else tree
