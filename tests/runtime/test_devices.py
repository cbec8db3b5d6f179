"""What can be seen of backends without their hardware."""

import subprocess
import sys

import jax
import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.probe import probe_recognition
from sfsign_jax.runtime import devices
from sfsign_jax.training.probe import probe_training

START = "import sys; from sfsign_jax.runtime import devices; devices.start(sys.argv[1], int)"


def start(platform, **environment):
    """In a process of its own, since a process keeps its backend."""
    return subprocess.run(
        [sys.executable, "-c", START, platform],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def memory_of_the_tests_is_given_back(monkeypatch):
    monkeypatch.setattr(devices, "keep_freed_memory", lambda: None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tpu", "Unable to initialize backend 'tpu'"),
        ("cuda", "JAX_PLATFORMS is cuda, and there is no such device"),
    ],
)
def test_a_backend_that_cannot_start_falls_back(name, reason):
    result = start("auto", JAX_PLATFORMS=name)
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1].startswith(f"platform: cpu (1 × cpu); {reason}")


def test_the_choice_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(devices, "cache_compiled_programs", lambda: None)
    devices.start("auto", int)
    assert capsys.readouterr().err == "platform: cpu (8 × cpu)\n"


@pytest.mark.parametrize("platform", ["gpu", "tpu", "metal"])
def test_a_platform_asked_for_by_name_must_start(platform):
    with pytest.raises(UserError, match=f"--platform {platform} can't be started"):
        devices.start(platform, int)


def test_a_metal_plugin_that_lacks_an_operation_leads_to_the_cpu(monkeypatch, capsys):
    monkeypatch.setattr(devices, "start_backend", lambda: ("metal", ""))
    monkeypatch.setattr(jax.extend.backend, "clear_backends", lambda: None)
    devices.start("metal", lacking)
    assert capsys.readouterr().err == (
        "platform: cpu (8 × cpu); the Metal plugin lacks an operation: no stablehlo.while\n"
    )


def lacking():
    raise NotImplementedError("no stablehlo.while\nat line 3")


@pytest.mark.parametrize(
    "probe", [pytest.param(probe_training, marks=pytest.mark.slow), probe_recognition]
)
def test_every_operation_of_the_network_is_on_a_cpu(probe):
    assert devices.missing_operation(probe) == ""
