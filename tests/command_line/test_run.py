"""Oracle: what a shell and other programs give as status, and the extras in pyproject.toml."""

import errno
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sfsign_jax.command_line.run import missing_package, run_command_line
from sfsign_jax.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (UserError("config.yaml: no key 'x'; remove it"), 2, "error: config.yaml: no key 'x'; "),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, "error: standard output was closed"),
        (FileNotFoundError(errno.ENOENT, "", "gone.npz"), 2, "error: gone.npz: No such file"),
        (FileExistsError(errno.EEXIST, "", "best"), 2, "error: best: File exists"),
        (OSError(errno.ENOSPC, ""), 2, "error: can't read or write a file, or standard output: No"),
        (OSError(errno.EROFS, "", "run"), 2, "error: run: Read-only file system"),
        (ModuleNotFoundError("", name="gradio"), 2, "error: the package gradio is missing: pip in"),
        (UnicodeEncodeError("utf-8", "\udcfc", 0, 1, "no"), 2, "error: a text or a file name has"),
    ],
)
def test_what_comes_from_outside_is_one_sentence_and_a_status(error, status, sentence, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as ended:
        run_command_line(main)
    assert ended.value.code == status
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(sentence)


@pytest.mark.parametrize(
    "bug",
    [
        ValueError("a bug"),
        OSError("a library's own"),
        OSError(errno.EBADF, "Bad file descriptor"),
        ModuleNotFoundError("", name="sfsign_jax.nothing"),
        ImportError("cannot import name"),
    ],
)
def test_a_bug_keeps_its_traceback(bug):
    def main():
        raise bug

    with pytest.raises(type(bug)) as raised:
        run_command_line(main)
    assert raised.value is bug


def test_success_returns(capsys):
    run_command_line(lambda: print("done"))
    assert capsys.readouterr().out == "done\n"


def test_a_missing_package_is_one_of_the_extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for module, extra in {
        "grain": "train",
        "absl.flags": "train",
        "tensorflow_datasets.core": "train",
        "torch": "convert",
        "gradio": "demo",
        "huggingface_hub": "hub",
    }.items():
        assert extra in project["optional-dependencies"]
        assert missing_package(module).endswith(f"pip install 'sfsign-jax[{extra}]'")
    for module in ("cv2", "PIL"):
        assert missing_package(module).endswith("pip install 'sfsign-jax'")
    assert missing_package("somebodys_module") == ""


PROGRAM = """
import signal, sys
from sfsign_jax.command_line.run import run_command_line
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
def main():
    print("\\u00dcBER", *sys.argv[1:], flush="now" in sys.argv)
    if "wait" in sys.argv:
        print("waiting", file=sys.stderr, flush=True)
        signal.pause()
run_command_line(main)
"""


def start(*arguments, stdout=subprocess.PIPE, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "", **environment},
    )


@pytest.mark.parametrize("when", ["now", "at the end"])
def test_a_standard_output_that_takes_nothing(when):
    with open("/dev/full", "wb") as full, start(when, stdout=full) as process:  # noqa: PTH123
        lines = process.stderr.read().decode().splitlines()
    assert process.returncode == 2
    assert len(lines) == 1
    assert "No space left on device" in lines[0]

    reader, writer = os.pipe()
    os.close(reader)
    with start(when, stdout=writer) as process:
        os.close(writer)
        lines = process.stderr.read().decode().splitlines()
    assert process.returncode == 141
    assert lines == ["error: standard output was closed before all was written"]


def test_ctrl_c():
    with start("wait") as process:
        assert process.stderr.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b"interrupted\n"
        assert process.stdout.read() == "ÜBER wait\n".encode()
    assert process.returncode == 130


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C.UTF-8"}])
def test_names_and_glosses_in_any_locale(locale):
    name = "übung.mp4".encode()
    with start(name, b"\xfc.mp4", **locale) as process:
        assert process.stdout.read() == "ÜBER ".encode() + name + b" \\udcfc.mp4\n"
        assert process.stderr.read() == b""
    assert process.returncode == 0
