"""How long from the command to the glosses of a clip: with no compiled program kept, and with it.

python benchmarks/startup.py [--frames 140] [--rounds 5]

`recognize` with the published network (random weights) on a folder of frames, beside the bare
forward pass of the same clip in a process that has it compiled; all in turn.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from flax import nnx

from sfsign_jax import load
from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import new_model
from sfsign_jax.runtime.memory import keep_freed_memory

CLASSES = 1296


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=140)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    keep_freed_memory()
    clip = np.random.default_rng(0).integers(0, 256, (arguments.frames, 256, 256, 3), np.uint8)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_checkpoint(folder / "model")
        write_frames(folder / "clip", clip)
        cold = [recognize(folder, cache=folder / f"cold{i}") for i in range(arguments.rounds)]
        recognizer = load(folder / "model")
        recognizer.logits([clip])
        warm, forward = [], []
        for _ in range(arguments.rounds):
            warm.append(recognize(folder, cache=folder / "cold0"))
            start = time.perf_counter()
            np.asarray(recognizer.logits([clip]).sequence_logits)
            forward.append(time.perf_counter() - start)
    print(f"| recognize, {arguments.frames} frames | median of {arguments.rounds} |\n|---|---|")
    for what, times in (("cold", cold), ("warm", warm), ("bare forward pass", forward)):
        print(f"| {what} | {statistics.median(times):.1f} s |")


def write_checkpoint(folder: Path) -> None:
    config = ModelConfig(CLASSES)
    vocabulary = tuple(f"GLOSS{i}" for i in range(1, CLASSES))
    description = ModelDescription(config, vocabulary, Preprocessing((256, 256), (224, 224)))
    save_checkpoint(folder, nnx.state(new_model(config)), description)


def write_frames(folder: Path, clip: np.ndarray) -> None:
    folder.mkdir()
    for i, frame in enumerate(clip):
        cv2.imwrite(str(folder / f"{i:04d}.png"), frame)


def recognize(folder: Path, cache: Path) -> float:
    """Seconds from the command to its glosses."""
    command = [sys.executable, "-m", "sfsign_jax.recognize", "--checkpoint", str(folder / "model")]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, str(folder / "clip")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)},
    ) as process:
        glosses = process.stdout.readline()
        seconds = time.perf_counter() - start
        process.communicate()
    if process.returncode or not glosses:
        sys.exit(f"recognize failed with status {process.returncode}")
    return seconds


if __name__ == "__main__":
    main()
