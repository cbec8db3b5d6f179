"""All that is measured on a GPU, in minutes: training first, and written down as it comes.

make benchmark-gpu
python benchmarks/gpu.py [--output gpu.md] [--minutes 8] [--parts steps,run,...] [--small]

Each part is a process of its own; one that fails or takes too long is told, and the next one goes
on. `--small` tries every part with a small network, on a CPU too. It needs what
pip install '.[gpu,train]' and PyTorch bring.
"""

import argparse
import collections
import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import jax
from against_pytorch import WORKS, print_header, print_rows
from contestants import Work, ours, pytorch
from measure import in_turn

ROOT = Path(__file__).parents[1]
ROUNDS = 7
COMPILING = 75  # seconds that a contestant may take to its first result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--output", type=Path, default=Path("gpu.md"))
    add("--minutes", type=float, default=8)
    add("--parts", default=",".join(PARTS), help="of these, in this order")
    add("--small", action="store_true")
    add("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        PARTS[arguments.part](arguments.small)
        return
    deadline = time.monotonic() + 60 * arguments.minutes
    with arguments.output.open("w", encoding="utf-8") as output:
        for part in arguments.parts.split(","):
            run_part(part, arguments.small, deadline, output)
    print(f"written to {arguments.output}")


def run_part(part: str, small: bool, deadline: float, output: TextIO) -> None:
    """What a part prints, on the screen and in the file, line by line."""
    start = time.monotonic()

    def tell(line: str) -> None:
        print(line, end="", flush=True)
        output.write(line)
        output.flush()

    tell(f"\n## {part}\n\n")
    command = [sys.executable, __file__, "--part", part, *(["--small"] if small else [])]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=ROOT,
        process_group=0,
    ) as process:
        assert process.stdout is not None
        with killed_at(process, deadline):
            for line in process.stdout:
                if not re.match(r"WARNING|[WEI]\d{4} ", line):
                    tell(line)
        status = process.wait()
    ended = "" if status == 0 else f", ended with status {status}"
    tell(f"\n{time.monotonic() - start:.0f} s{ended}\n")


@contextlib.contextmanager
def killed_at(process: subprocess.Popen, deadline: float) -> Iterator[None]:
    """End the process and those that it started, at the deadline or where this one fails."""

    def kill() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(max(0, deadline - time.monotonic()), kill)
    timer.start()
    try:
        yield
    except BaseException:
        kill()
        raise
    finally:
        timer.cancel()


def steps(small: bool) -> None:
    """A training step beside PyTorch's, in turn."""
    works = {
        f"step, {clips} × {frames}, {dtype}": Work(True, clips, frames, 224, dtype)
        for frames in (64, 128)
        for clips in (2, 8)
        for dtype in ("bfloat16", "float32")
    }
    if small:
        works = {"step, small": Work(True, 2, 16, 64, small=True)}
    print_header()
    for name, work in works.items():
        sides = {
            "ours": functools.partial(ours, work),
            "eager": functools.partial(pytorch, work),
            "channels last": functools.partial(pytorch, work, channels_last=True),
            "compiled": functools.partial(pytorch, work, channels_last=True, compiled=True),
        }
        if work.frames > 64 or small:  # of more shapes there is no time to compile it
            del sides["compiled"]
        figures = in_turn(sides, 2 if small else ROUNDS, COMPILING)
        if figures:
            print_rows(name, figures)


def run(small: bool) -> None:
    """`train` itself, on clips like PHOENIX's: its own lines tell speed and waiting for input."""
    clips, epochs = ("12,2,2", 1) if small else ("200,4,4", 2)
    with tempfile.TemporaryDirectory() as folder:
        prepared = ["--prepared_dir", folder]
        module("prepare", "synthetic_signs/full", *prepared, f"--clips={clips}")
        config = {
            "data.name": f"synthetic_signs/full_{clips.replace(',', '_')}",
            "data.prepared_dir": folder,
            "training.epochs": epochs,
            "training.compute_dtype": "bfloat16",
        }
        if small:
            config |= {"model.depths": (1, 1, 1, 1), "model.temporal_blocks": (1, 1, 1, 1)}
            config |= {"model.width": 16, "data.crop_size": (64, 64), "data.buckets": (304,)}
        flags = [f"--config.{name}={value}" for name, value in config.items()]
        start = time.monotonic()
        module("train", "--config=configs/phoenix2014.py", f"--workdir={folder}/run", *flags)
        print(f"\nthe command took {time.monotonic() - start:.0f} s")


def module(name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", f"sfsign_jax.{name}", *arguments]
    subprocess.run(command, check=True, stderr=subprocess.STDOUT)


def profile(small: bool) -> None:
    """Where the time of a training step goes, by kind of kernel."""
    work = Work(True, 2, 64, 224, "bfloat16")
    if small:
        work = Work(True, 2, 16, 64, small=True)
    once = ours(work)
    once()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(3):
                once()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        print_kinds(jax.profiler.ProfileData.from_file(str(trace)))


KINDS = {  # the first that a kernel's name holds
    "convolutions": r"conv|implicit|xmma.*(fprop|dgrad|wgrad)|cudnn",
    "products": r"gemm|cublas|cutlass|nvjet|dot|matmul",
    "reductions": r"reduce",
    "copies into loops' arrays": r"dynamic_update_slice|dynamic_slice",
    "copies": r"memcpy|copy|transpose|concatenate|pad|slice|broadcast|memset",
    "elementwise": r"fusion|loop|wrapped",
}


def print_kinds(trace: jax.profiler.ProfileData) -> None:
    """Milliseconds of a step, of three: those of the device, or of the host where there is none."""
    planes = [plane for plane in trace.planes if plane.name.startswith("/device:")]
    seconds: collections.Counter[str] = collections.Counter()
    names: collections.Counter[str] = collections.Counter()
    for plane in planes or trace.planes:
        for line in plane.lines:
            if planes and not line.name.startswith("Stream"):
                continue
            for event in line.events:
                kind = next((k for k, v in KINDS.items() if re.search(v, event.name, re.I)), "rest")
                seconds[kind] += event.duration_ns / 3e9
                names[re.sub(r"[.\d]+$", "", event.name)[:60]] += event.duration_ns / 3e9
    print("| kind of kernel | ms of a step |\n|---|---|")
    for kind, total in seconds.most_common():
        print(f"| {kind} | {1e3 * total:.2f} |")
    print("\n| kernel | ms of a step |\n|---|---|")
    for name, total in names.most_common(25):
        print(f"| {name} | {1e3 * total:.2f} |")


def evaluation(small: bool) -> None:
    """Frames on disk to word error rate."""
    clips, rounds = ("1", "1") if small else ("24", "3")
    command = [sys.executable, ROOT / "benchmarks" / "evaluation.py"]
    subprocess.run([*command, "--clips", clips, "--rounds", rounds], check=True)


def forward(small: bool) -> None:
    """Forward passes beside PyTorch's."""
    print_header()
    for name in ("forward_1", "forward_8", "forward_1_bf16", "forward_8_bf16"):
        work = replace(WORKS[name], size=64, small=True) if small else WORKS[name]
        sides = {"ours": functools.partial(ours, work), "eager": functools.partial(pytorch, work)}
        figures = in_turn(sides, 3, COMPILING)
        if figures:
            print_rows(name, figures)


PARTS = {
    "steps": steps,
    "run": run,
    "profile": profile,
    "evaluation": evaluation,
    "forward": forward,
}

if __name__ == "__main__":
    main()
