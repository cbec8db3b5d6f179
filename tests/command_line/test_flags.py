"""Oracle: what Python says of the files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sfsign_jax.command_line.flags import config_parser, load_config, parse_with_config
from sfsign_jax.errors import UserError

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "train",
    "evaluate",
    "measure_timing",
    "extract_features",
    "prepare",
    "recognize",
    "align",
    "live",
    "export",
    "demo",
    "score",
)


def without_jax(command, folder, jax):
    """A command in a Python whose JAX is this program."""
    (folder / "jax.py").write_text(jax)
    path = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_needs_no_jax(command, tmp_path):
    arguments = ["-m", f"sfsign_jax.{command}", "--help"]
    result = without_jax(arguments, tmp_path, "raise AssertionError")
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if not line.startswith("usage")]
    assert any(line.startswith(f"python -m sfsign_jax.{command} ") for line in lines)


CONFIG = ("--config", str(ROOT / "configs" / "demo.py"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "sfsign_jax.train", *CONFIG, "--workdir", "run"),
        ("-m", "sfsign_jax.evaluate", *CONFIG, "--checkpoint", "model"),
        ("-m", "sfsign_jax.measure_timing", *CONFIG, "--checkpoint", "model"),
        ("-m", "sfsign_jax.extract_features", *CONFIG, "--checkpoint", "model", "--output", "out"),
        ("-m", "sfsign_jax.recognize", "--checkpoint", "model", "clip.mp4"),
        ("-m", "sfsign_jax.align", "--checkpoint", "model", "--glosses", "A", "clip.mp4"),
        ("-m", "sfsign_jax.live", "--checkpoint", "model"),
        ("-m", "sfsign_jax.export", "--checkpoint", "model", "--output", "x.model"),
        ("-m", "sfsign_jax.demo", "--checkpoint", "model"),
        (str(ROOT / "tools" / "convert_weights.py"), "x.pt", "model"),
    ],
)
def test_ctrl_c_while_a_command_starts(arguments, tmp_path):
    result = without_jax(arguments, tmp_path, "raise KeyboardInterrupt")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"hello world", "SyntaxError"),
        (b"epochs: nine", "NameError: name 'nine'"),
        (b'{"epochs": 9}', "KeyError: 'get_config'"),
        (b"\x00\x01\xff", "SyntaxError|ValueError"),
        (b"import nobodys_module", "ModuleNotFoundError: No module named 'nobodys_module'"),
        (b"def get_config():\n    return 1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_is_no_config(text, reason, tmp_path):
    path = tmp_path / "config.py"
    path.write_bytes(text)
    with pytest.raises(
        UserError, match=rf"config\.py is no config, a Python file with .*({reason})"
    ):
        load_config(path)


def test_a_config_of_something_else(tmp_path):
    path = tmp_path / "config.py"
    path.write_text("def get_config():\n    return {}\n")
    with pytest.raises(UserError, match="gives no ConfigDict"):
        load_config(path)
    with pytest.raises(UserError, match="there is no config file"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["--config.training.epochs=9", "--config.data.name=x"], None),
        (["--config.training.epochs=nine"], "invalid literal"),
        (["--config.training.epochs=0"], "config.training.epochs is 0: it is at least 1"),
        (["--config.optimizer.learning_rate=nan"], "learning_rate is nan"),
        (["--config.training=3"], "is not a dict"),
        (["--config.training.epoch=3"], "the config has no key 'epoch'"),
        (["more"], "unexpected argument 'more'"),
        (["--wrkdir=x"], "wrkdir"),
    ],
)
def test_changes_of_a_config(changes, words, tmp_path, monkeypatch):
    path = tmp_path / "config.py"
    source = "from sfsign_jax.configuration import published_config as get_config\n"
    path.write_text(source)
    monkeypatch.setattr("sys.argv", ["train", "--config", str(path), *changes])
    if words:
        with pytest.raises(UserError, match=words):
            parse_with_config(config_parser("train", ""))
    else:
        config = parse_with_config(config_parser("train", ""))[1]
        assert (config.training.epochs, config.data.name) == (9, "x")
        assert config.is_locked
