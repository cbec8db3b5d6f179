"""This package beside PyTorch on this machine: every side in a process of its own, in turn.

python benchmarks/against_pytorch.py [--rounds 5] [--works forward_1,forward_8,train_1] [--together]

The published network with random weights. PyTorch's statement of it is the oracle of the tests;
of its variants the fastest counts. One more keeps freed memory, as our command lines do and
PyTorch's users seldom do: it is there to be seen, and does not count. `--together` compiles for
all works at once before it measures the first, for machines with many cores.
"""

import argparse
import functools
from collections.abc import Callable
from dataclasses import replace

from contestants import Work, ours, pytorch
from measure import Figures, group_by_group, in_turn

from sfsign_jax.runtime.devices import plugins

KEPT = "compiled, channels last, memory kept"
WORKS = {
    "forward_1": Work(training=False, clips=1, frames=64, size=224),
    "forward_8": Work(training=False, clips=8, frames=64, size=224),
    "train_1": Work(training=True, clips=1, frames=32, size=224),
    "train_2": Work(training=True, clips=2, frames=64, size=224),
}
WORKS |= {f"{name}_bf16": replace(work, dtype="bfloat16") for name, work in WORKS.items()}
DEFAULT = "forward_1,forward_8,train_1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--works", default=DEFAULT)
    parser.add_argument("--together", action="store_true")
    arguments = parser.parse_args()
    print_header()
    groups = {name: contestants(WORKS[name]) for name in arguments.works.split(",")}
    if arguments.together:
        for name, figures in group_by_group(groups, arguments.rounds).items():
            print_rows(name, figures)
        return
    for name, sides in groups.items():
        print_rows(name, in_turn(sides, arguments.rounds))


def contestants(work: Work) -> dict[str, Callable]:
    sides = {
        "ours": functools.partial(ours, work),
        "eager": functools.partial(pytorch, work),
        "channels last": functools.partial(pytorch, work, channels_last=True),
    }
    if not work.training:  # of a training step it takes a quarter of an hour, and 20 GB
        both = functools.partial(pytorch, work, channels_last=True, compiled=True)
        sides |= {
            "compiled": functools.partial(pytorch, work, compiled=True),
            "compiled, channels last": both,
        }
        if work.clips == 1 and not plugins():  # of more clips it would be more than 24 GB
            sides[KEPT] = functools.partial(both, memory_kept=True)
    return sides


def print_header() -> None:
    print("| | | median | of the best PyTorch | memory | to the first result |")
    print("|---|---|---|---|---|---|")


def print_rows(work: str, figures: dict[str, Figures]) -> None:
    others = [side.seconds for name, side in figures.items() if name not in ("ours", KEPT)]
    best = min(others, default=float("nan"))
    for name, side in figures.items():
        print(
            f"| {work} | {name} | {side.seconds:.4g} s | {best / side.seconds:.2f} "
            f"| {side.memory:.2f} GB | {side.setup:.0f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
