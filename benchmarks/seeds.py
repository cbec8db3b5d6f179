"""The WER of the demo's recipe by seed: luck with random numbers, and with rounding.

python benchmarks/seeds.py RUNS [--seeds 0,1,2,3,4] [--instructions AVX2,AVX512]
    [--plot docs/images/seeds.png]

RUNS gets a run for each seed and instruction set, which is left out where it is there. The corpus
is that of `make demo`, in demo/data.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.results import METRICS, read_metrics
from sfsign_jax.files import read_json

CONFIG = ("--config", "configs/demo.py")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--instructions", default="AVX2,AVX512", help="of XLA's programs")
    parser.add_argument("--plot", type=Path, default=Path("docs/images/seeds.png"))
    arguments = parser.parse_args()
    seeds = [*map(int, arguments.seeds.split(","))]
    runs = {
        name: [train(arguments.runs / f"{name}_{seed}", seed, name) for seed in seeds]
        for name in arguments.instructions.split(",")
    }
    print("| | " + " | ".join(f"seed {seed}" for seed in seeds) + " |")
    print("|---" * (1 + len(seeds)) + "|")
    for name, folders in runs.items():
        for split in ("dev", "test"):
            rates = (f"{wer(folder, split):.1f}" for folder in folders)
            print(f"| {name}, {split} WER, % | {' | '.join(rates)} |")
    plot(runs, arguments.plot)


def train(folder: Path, seed: int, instructions: str) -> Path:
    """The folder of the run, trained and evaluated.

    Raises:
        UserError: it is to be trained, and this machine lacks the instructions.
    """
    flag = f"--xla_cpu_max_isa={instructions}"
    environment = {**os.environ, "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {flag}"}
    commands = [["train", f"--config.seed={seed}", "--workdir", folder]]
    for split in ("dev", "test"):
        if not results(folder, split).exists():
            commands.append(["evaluate", "--checkpoint", folder / "best", "--split", split])
    if len(commands) > 1:
        if instructions.lower() not in Path("/proc/cpuinfo").read_text():
            raise UserError(
                f"this machine has no {instructions}, by which {folder} is to be trained and "
                "evaluated: do it on one that has, and copy the folder here"
            )
        for module, *options in commands:
            command = [sys.executable, "-m", f"sfsign_jax.{module}", *CONFIG, *map(str, options)]
            subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    return folder


def results(folder: Path, split: str) -> Path:
    return folder / "evaluation" / split / METRICS


def wer(folder: Path, split: str) -> float:
    """By the BiLSTM, in percent."""
    return next(iter(read_metrics(results(folder, split)).heads.values()))["rate"]


def plot(runs: dict[str, list[Path]], path: Path) -> None:
    """Dev WER after each epoch of the backbone, then of its head; of both splits at the end."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    backbone, head, end = figure.subplots(1, 3, sharey=True, width_ratios=(3, 8, 2))
    for kind, (name, folders) in enumerate(runs.items()):
        color = f"C{kind}"
        for folder in folders:
            curve(backbone, folder / "metrics.json", color)
            curve(head, folder / "head" / "metrics.json", color)
        for place, split in enumerate(("dev", "test")):
            rates = [wer(folder, split) for folder in folders]
            end.plot([place + 0.3 * kind] * len(rates), rates, "o", color=color, alpha=0.6)
        backbone.plot([], [], color=color, label=name)
    backbone.legend(frameon=False, fontsize=8)
    backbone.set(xlabel="epoch of the backbone", ylabel="WER, %", ylim=(0, 100))
    head.set(xlabel="epoch of the head")
    end.set(xlim=(-0.5, 1.8), xlabel="best model")
    end.set_xticks((0, 1), ("dev", "test"))
    for axes in (backbone, head, end):
        axes.grid(axis="y", alpha=0.3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=110)


def curve(axes: Axes, path: Path, color: str) -> None:
    rates = [epoch["dev_wer"] for epoch in read_json(path, list[dict[str, float]])]
    axes.plot(range(1, len(rates) + 1), rates, linewidth=1, color=color)


if __name__ == "__main__":
    run_command_line(main)
