import json
import resource
import threading
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import small_config

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.errors import UserError
from sfsign_jax.models.sign_model import new_model
from sfsign_jax.training import Recipe, create_train_state
from sfsign_jax.training.run_checkpoints import (
    finish_saving,
    open_checkpoints,
    restore_run,
    save_run,
)

CONFIG = small_config()


def state_at(step, seed=0):
    state = create_train_state(CONFIG, Recipe(steps_per_epoch=1), seed)
    return state._replace(step=state.step + step)


@pytest.fixture
def saved(tmp_path):
    """Steps 1 to 3, of which the last two are kept."""
    with open_checkpoints(tmp_path, keep_last=2, keep_period=None) as checkpoints:
        for step in (1, 2, 3):
            progress = {"epochs": [], "steps": [{"loss": 0.1}]}
            save_run(checkpoints, state_at(step, seed=step), progress)
        finish_saving(checkpoints)
        yield checkpoints


def restored(checkpoints):
    told = []
    state, progress = restore_run(checkpoints, state_at(0), told.append)
    return state, progress, told


def assert_equal_states(ours, expected):
    ours, expected = (s._replace(key=jax.random.key_data(s.key)) for s in (ours, expected))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)


def test_everything_comes_back(saved):
    state, progress, told = restored(saved)
    assert_equal_states(state, state_at(3, seed=3))
    assert progress == {"epochs": [], "steps": [{"loss": 0.1}]}
    assert (told, saved.all_steps()) == ([], [2, 3])


def test_progress_is_that_of_the_step_and_not_of_the_time_it_is_written(tmp_path, monkeypatch):
    go_on, dumps = threading.Event(), json.dumps

    def late(item, **options):
        if isinstance(item, dict) and "progress" in item:
            assert go_on.wait(60)
        return dumps(item, **options)

    monkeypatch.setattr(json, "dumps", late)
    progress = {"epochs": [], "steps": [{"loss": 0.1}]}
    with open_checkpoints(tmp_path, keep_last=2, keep_period=None) as checkpoints:
        save_run(checkpoints, state_at(1), progress)
        progress["steps"].append({"loss": 0.2})  # as the next step does
        go_on.set()
        finish_saving(checkpoints)
        _, progress, _ = restored(checkpoints)
    assert progress == {"epochs": [], "steps": [{"loss": 0.1}]}


def test_nothing_there_is_a_fresh_start(tmp_path):
    with open_checkpoints(tmp_path, keep_last=2, keep_period=None) as checkpoints:
        state, progress, _ = restored(checkpoints)
    assert_equal_states(state, state_at(0))
    assert progress == {"epochs": [], "steps": []}


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_checkpoint_is_told_of_and_the_one_before_it_used(saved, damage):
    files = [path for path in Path(saved.directory, "3").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 255
    if damage == "gone":
        largest.unlink()
    else:
        largest.write_bytes(bytes(data if damage == "flipped" else data[: len(data) // 2]))
    state, _, (line,) = restored(saved)
    assert line.startswith("checkpoint of step 3 is damaged and left out: ")
    assert_equal_states(state, state_at(2, seed=2))
    assert saved.all_steps() == [2]


def test_every_nth_step_is_kept(tmp_path):
    with open_checkpoints(tmp_path, keep_last=1, keep_period=2) as checkpoints:
        for step in (1, 2, 3):
            save_run(checkpoints, state_at(step), {"epochs": [], "steps": []})
            finish_saving(checkpoints)
        assert checkpoints.all_steps() == [2, 3]


@pytest.fixture
def little_room():
    """Files of a few kilobytes at most, as a full disk would have it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_no_room_for_a_checkpoint(saved, little_room):
    with pytest.raises(UserError, match=r"can't be written \(.*large.*whole: 2, 3"):
        save_run(saved, state_at(4), {"epochs": [], "steps": []})
        finish_saving(saved)


@pytest.mark.parametrize("first", ["", "the run's own error"])
def test_no_room_for_a_checkpoint_that_was_on_its_way(tmp_path, little_room, first):
    with (
        pytest.raises(UserError, match=first or r"can't be written \(.*large.*whole: none"),
        open_checkpoints(tmp_path, keep_last=2, keep_period=None) as checkpoints,
    ):
        save_run(checkpoints, state_at(1), {"epochs": [], "steps": []})
        if first:
            raise UserError(first)


def test_no_room_for_a_model(tmp_path, little_room):
    model = new_model(CONFIG)
    with pytest.raises(UserError, match=r"best can't be written: .*large"):
        save_checkpoint(tmp_path / "best", nnx.state(model), ModelDescription(CONFIG, None))
    assert not list(tmp_path.iterdir())
