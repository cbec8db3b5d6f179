"""Command lines in processes of their own, which need not import again what all of them import."""

import functools
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

# Of no module that is a command line, since these are to run as the main one; and nothing that
# starts a backend of JAX, whose threads would be missing after the fork.
IMPORTED = [
    "sfsign_jax.command_line.flags",
    "sfsign_jax.conversion.pytorch",
    "sfsign_jax.data.preparation",
    "sfsign_jax.exporting.artifact",
    "sfsign_jax.pictures.activation_maps",
    "sfsign_jax.recognition.live",
    "sfsign_jax.recognition.video",
    "sfsign_jax.pictures.timeline",
    "sfsign_jax.training.loop",
    "sfsign_jax.transcripts",
    "tfds_builders.synthetic_signs.synthetic_signs_dataset_builder",
]


@functools.cache
def server():
    """It has imported them, and every process is a fork of it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def run_forked(*arguments, cwd) -> subprocess.CompletedProcess:
    """Status and output of `python -m …` or `python tools/…`."""
    arguments = [*map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = server().Process(target=run_main, args=(arguments, str(cwd), outputs))
        process.start()
        process.join()
        texts = [path.read_text() for path in outputs]
    return subprocess.CompletedProcess(arguments, process.exitcode, *texts)


def run_main(arguments, cwd, outputs) -> None:
    for stream, path in zip((sys.stdout, sys.stderr), outputs, strict=True):
        stream.flush()
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.chdir(cwd)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
