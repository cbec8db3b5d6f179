"""A run that is stopped or killed goes on as if nothing had happened."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import orbax.checkpoint as ocp
import pytest
from flax import nnx

from sfsign_jax.checkpoint import load_checkpoint
from sfsign_jax.data.preparation import prepare
from sfsign_jax.training.run_checkpoints import open_checkpoints

CONFIG = Path(__file__).parents[2] / "configs" / "demo.py"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """A run of two epochs of three steps that saves after every step."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare("synthetic_signs/demo", folder, clips="6,2,2")
    settings = {
        "data.name": "synthetic_signs/demo_6_2_2",
        "data.prepared_dir": folder,
        "model.width": 8,
        "model.beta_inv": 2,
        "model.hidden_size": 8,
        "model.pathway_enhancement": False,
        "training.epochs": 2,
        "training.head_epochs": 0,
        "training.head_batch_size": 2,
        "training.batch_size": 2,
        "training.save_steps": 1,
        "evaluation.batch_size": 2,
    }
    options = [f"--config.{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "sfsign_jax.train", "--config", str(CONFIG), *options]


@pytest.fixture(scope="module")
def whole(command, tmp_path_factory):
    """The run, never stopped."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    subprocess.run([*command, "--workdir", str(workdir)], check=True)
    return workdir


def stop_at(step, signal_number, command, workdir):
    """Start or go on, and send the signal once that step is saved; the exit status."""
    process = subprocess.Popen([*command, "--workdir", str(workdir)], stderr=subprocess.PIPE)
    while process.poll() is None and not newest(workdir) >= step:
        time.sleep(0.01)
    process.send_signal(signal_number)
    return process.wait()


def newest(workdir):
    steps = (workdir / "checkpoints").glob("[0-9]*")
    return max((int(path.name) for path in steps if path.name.isdigit()), default=0)


def last_checkpoint(workdir):
    arguments = ocp.args.Composite(state=ocp.args.StandardRestore(), about=ocp.args.JsonRestore())
    with open_checkpoints(workdir, 2, None) as checkpoints:
        step = checkpoints.latest_step()
        return step, checkpoints.restore(step, args=arguments)


def assert_same_run(workdir, whole):
    (step, ours), (last, expected) = last_checkpoint(workdir), last_checkpoint(whole)
    assert step == last == 6
    assert ours.about == expected.about
    assert ours.state.keys() == expected.state.keys()
    for name, array in expected.state.items():
        np.testing.assert_array_equal(ours.state[name], array, err_msg=name)
    for name in ("metrics.json", "best/model.json"):
        assert (workdir / name).read_text() == (whole / name).read_text()


def test_killed_and_terminated(command, whole, tmp_path):
    workdir = tmp_path / "run"
    assert stop_at(2, signal.SIGKILL, command, workdir) == -signal.SIGKILL
    assert stop_at(3, signal.SIGTERM, command, workdir) == 75
    assert newest(workdir) < 6
    subprocess.run([*command, "--workdir", str(workdir)], check=True)
    assert_same_run(workdir, whole)
    assert (workdir / "train.log").read_text().count("go on from step") == 2
    assert_written_down(workdir)


def test_ctrl_c_saves_too(command, tmp_path):
    workdir = tmp_path / "run"
    longer = [*command, "--config.training.epochs=9"]
    assert stop_at(1, signal.SIGINT, longer, workdir) == 75
    step = newest(workdir)
    assert stop_at(step + 1, signal.SIGINT, longer, workdir) == 75
    assert f"go on from step {step}" in (workdir / "train.log").read_text()


def test_a_new_head_after_the_backbone(command, tmp_path):
    """Stopped in each stage, and not: the same head, over that backbone."""
    command = [*command, "--config.training.head_epochs=12"]
    through, stopped = tmp_path / "through", tmp_path / "stopped"
    subprocess.run([*command, "--workdir", str(through)], check=True)
    assert stop_at(2, signal.SIGKILL, command, stopped) == -signal.SIGKILL
    again = subprocess.Popen([*command, "--workdir", str(stopped)])
    while again.poll() is None and newest(stopped / "head") < 3:
        time.sleep(0.01)
    again.send_signal(signal.SIGTERM)
    assert again.wait() == 75
    assert not (stopped / "best").exists()
    for _ in range(2):  # the second time there is nothing left to do
        subprocess.run([*command, "--workdir", str(stopped)], check=True)
    assert arrays_of(stopped / "head" / "best") == arrays_of(through / "head" / "best")
    for run in (through, stopped):
        assert not (run / "features").exists()
        assert arrays_of(run / "best") == arrays_of(run / "head" / "best")
        backbones = (backbone_of(run / stage) for stage in ("backbone", "head/best"))
        for (path, expected), (_, ours) in zip(*backbones, strict=True):
            np.testing.assert_array_equal(ours[...], expected[...], err_msg=str(path))


def arrays_of(checkpoint):
    return json.loads((checkpoint / "checksums.json").read_text())["arrays"]


def backbone_of(checkpoint):
    return nnx.to_flat_state(nnx.state(load_checkpoint(checkpoint)[0].backbone))


def test_two_processes_of_two_devices(command, tmp_path):
    """Both stop as one is told to, the first has saved what both hold, and one device goes on."""
    workdir = tmp_path / "run"
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    options = ["--workdir", str(workdir), f"--coordinator={address}", "--num_processes=2"]
    devices = {
        **os.environ,
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2",
    }
    command = [*command, "--config.training.batch_size=4", "--config.training.epochs=9"]
    first, second = (
        subprocess.Popen([*command, *options, f"--process_id={number}"], env=devices)
        for number in (0, 1)
    )
    while first.poll() is None and second.poll() is None and newest(workdir) < 1:
        time.sleep(0.01)
    second.send_signal(signal.SIGTERM)
    assert (first.wait(timeout=100), second.wait(timeout=100)) == (75, 75)
    assert "on 4 devices (cpu)" in (workdir / "train.log").read_text()
    step, restored = last_checkpoint(workdir)
    assert restored.state[".step"] == step < 9
    assert all(np.isfinite(array).all() for array in restored.state.values())
    assert stop_at(step + 1, signal.SIGTERM, command, workdir) == 75
    assert f"go on from step {step}, on 1 device (cpu)" in (workdir / "train.log").read_text()
    assert newest(workdir) > step


def assert_written_down(workdir):
    """What defines the run, and what it came to."""
    run = json.loads((workdir / "run.json").read_text())
    assert run["packages"]["jax"]
    assert run["devices"]
    assert json.loads((workdir / "config.json").read_text())["training"]["epochs"] == 2
    metrics = json.loads((workdir / "metrics.json").read_text())
    assert len(metrics) == 2
    assert {"loss", "dev_wer", "dev_conv_wer", "grad_norm", "param_norm"} <= metrics[0].keys()
