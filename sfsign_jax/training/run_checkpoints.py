"""A run on disk: everything it needs to go on exactly where it was.

Of several processes, which all hold the same arrays, the first one writes and reads.
"""

import contextlib
import copy
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import jax
import numpy as np
import orbax.checkpoint as ocp

from sfsign_jax.checkpoint import reason_of
from sfsign_jax.errors import UserError
from sfsign_jax.runtime.mesh import (
    broadcast_arrays_from_first_process,
    broadcast_from_first_process,
    is_first_process,
)
from sfsign_jax.training.state import TrainState

FOLDER = "checkpoints"


class RunProgress(TypedDict):
    """What a run has come to, beside its state."""

    epochs: list[dict[str, float]]  # metrics and WER of every finished epoch
    steps: list[dict[str, float]]  # metrics of every step of the epoch that is under way


Checkpoints: TypeAlias = ocp.CheckpointManager | None  # None: another process has them


@contextlib.contextmanager
def open_checkpoints(
    workdir: Path, keep_last: int, keep_period: int | None
) -> Iterator[Checkpoints]:
    """The checkpoints below `workdir`; the last ones are kept, and those of every n-th step.

    Raises:
        UserError: at the end, where one that was on its way can't be written.
    """
    if not is_first_process():
        yield None
        return
    options = ocp.CheckpointManagerOptions(
        max_to_keep=keep_last,
        keep_period=keep_period,
        cleanup_tmp_directories=True,
        create=False,
        multiprocessing_options=ocp.options.MultiprocessingOptions(active_processes={0}),
    )
    folder = (workdir / FOLDER).absolute()
    folder.mkdir(exist_ok=True)
    manager = ocp.CheckpointManager(folder, options=options)
    try:
        yield manager
    except BaseException:
        with contextlib.suppress(OSError, ValueError):  # the run's own error is the one to tell
            manager.close()
        raise
    try:
        manager.close()
    except (OSError, ValueError) as error:
        raise not_written(manager, error) from error


def save_run(checkpoints: Checkpoints, state: TrainState, progress: RunProgress) -> None:
    """Save in the background. The run may go on: its arrays are copied first.

    Raises:
        UserError: this or an earlier checkpoint can't be written; those before it are whole.
    """
    if checkpoints is None or (step := int(state.step)) in checkpoints.all_steps():
        return
    arrays = named_arrays(state)
    # A copy, since the run adds to it while it is being written.
    about = {"checksum": checksum(arrays), "progress": copy.deepcopy(progress)}
    try:
        checkpoints.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(arrays), about=ocp.args.JsonSave(about)
            ),
        )
    except (OSError, ValueError) as error:
        raise not_written(checkpoints, error) from error


def finish_saving(checkpoints: Checkpoints) -> None:
    """Wait until all is on disk.

    Raises:
        UserError: as for `save_run`.
    """
    if checkpoints is None:
        return
    try:
        checkpoints.wait_until_finished()
    except (OSError, ValueError) as error:
        raise not_written(checkpoints, error) from error


def not_written(checkpoints: ocp.CheckpointManager, error: Exception) -> UserError:
    whole = ", ".join(map(str, sorted(checkpoints.all_steps(read=True)))) or "none"
    return UserError(
        f"{checkpoints.directory} can't be written ({reason_of(error)}): make room and give the "
        f"same command again; checkpoints that are whole: {whole}"
    )


def restore_run(
    checkpoints: Checkpoints, fresh: TrainState, log_line: Callable[[str], None]
) -> tuple[TrainState, RunProgress]:
    """The newest whole checkpoint, or the fresh state where there is none; in all processes.

    Damaged ones are told of and deleted: the run will write them again.
    """
    arrays, progress = named_arrays(fresh), RunProgress(epochs=[], steps=[])
    if checkpoints is not None:
        arrays, progress = newest_whole(checkpoints, arrays, log_line) or (arrays, progress)
    return with_arrays(
        fresh, broadcast_arrays_from_first_process(arrays)
    ), broadcast_from_first_process(progress)


def newest_whole(
    checkpoints: ocp.CheckpointManager,
    fresh: dict[str, np.ndarray],
    log_line: Callable[[str], None],
) -> tuple[dict[str, np.ndarray], RunProgress] | None:
    """Arrays shaped as the fresh ones, and how far the run had come with them."""
    shapes = {name: np.empty_like(array) for name, array in fresh.items()}
    for step in sorted(checkpoints.all_steps(), reverse=True):
        try:
            restored = checkpoints.restore(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(shapes), about=ocp.args.JsonRestore()
                ),
            )
            if checksum(restored.state) != restored.about["checksum"]:
                raise ValueError("its arrays are not those that were saved")
        except (OSError, ValueError, KeyError) as error:
            log_line(f"checkpoint of step {step} is damaged and left out: {reason_of(error)}")
            checkpoints.delete(step)
            continue
        return restored.state, restored.about["progress"]
    return None


def named_arrays(state: TrainState) -> dict[str, np.ndarray]:
    """Copies of all arrays, under their paths."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(plain(state))
    return {jax.tree_util.keystr(path): np.array(leaf) for path, leaf in leaves}


def with_arrays(state: TrainState, arrays: dict[str, Any]) -> TrainState:
    """The same tree with other arrays."""
    paths, tree = jax.tree_util.tree_flatten_with_path(plain(state))
    leaves = [arrays[jax.tree_util.keystr(path)] for path, _ in paths]
    # At once: `jnp.asarray` would compile a program for each shape.
    restored = jax.tree_util.tree_unflatten(tree, jax.device_put(leaves, may_alias=False))
    return restored._replace(key=jax.random.wrap_key_data(restored.key))


def plain(state: TrainState) -> TrainState:
    return state._replace(key=jax.random.key_data(state.key))


def checksum(arrays: dict[str, np.ndarray]) -> int:
    result = 0
    for name in sorted(arrays):
        result = zlib.crc32(np.asarray(arrays[name]).tobytes(), result)
    return result
