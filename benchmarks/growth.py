"""Time and memory of a forward pass against the length of the clip, and the size of the batch.

python benchmarks/growth.py [--rounds 3] [--plot docs/images/growth.png]

The published network, random weights and pixels; every size in a process of its own.
"""

import argparse
import functools
from pathlib import Path

from contestants import Work, ours
from matplotlib.figure import Figure
from measure import Figures, in_turn

LENGTHS = (50, 100, 200, 300, 400, 500, 600)
BATCHES = (1, 2, 4, 8)
BATCH_FRAMES = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path, default=Path("docs/images/growth.png"))
    arguments = parser.parse_args()
    by_length = {n: measured(Work(False, 1, n, 224), arguments.rounds) for n in LENGTHS}
    by_batch = {n: measured(Work(False, n, BATCH_FRAMES, 224), arguments.rounds) for n in BATCHES}
    table("frames of one clip", by_length)
    table(f"clips of {BATCH_FRAMES} frames", by_batch)
    plot(by_length, by_batch, arguments.plot)


def measured(work: Work, rounds: int) -> Figures:
    return in_turn({"ours": functools.partial(ours, work)}, rounds)["ours"]


def table(what: str, figures: dict[int, Figures]) -> None:
    print(f"\n| {what} | seconds | of it a unit | memory |\n|---|---|---|---|")
    for size, side in figures.items():
        each = side.seconds / size * 1000
        print(f"| {size} | {side.seconds:.2f} | {each:.1f} ms | {side.memory:.2f} GB |")


def plot(by_length: dict[int, Figures], by_batch: dict[int, Figures], path: Path) -> None:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    names = ("frames of one clip", f"clips of {BATCH_FRAMES} frames")
    for axes, what, figures in zip(
        figure.subplots(1, 2), names, (by_length, by_batch), strict=True
    ):
        sizes = [*figures]
        axes.plot(sizes, [side.seconds for side in figures.values()], "C0o-", label="seconds")
        axes.plot(sizes, [side.memory for side in figures.values()], "C1s-", label="memory, GB")
        axes.set(xlabel=what, xlim=(0, None), ylim=(0, None))
        axes.legend(frameon=False)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
