"""This package beside PyTorch on this machine: every side in a process of its own, in turn.

python benchmarks/against_pytorch.py [--rounds 5] [--works forward_1,forward_8,train_1]

The published network with random weights. PyTorch's statement of it is the oracle of the tests;
of its variants the fastest counts. One more keeps freed memory, as our command lines do and
PyTorch's users seldom do: it is there to be seen, and does not count.
"""

import argparse
import functools

from contestants import Work, ours, pytorch
from measure import in_turn

KEPT = "compiled, channels last, memory kept"
WORKS = {
    "forward_1": Work(training=False, clips=1, frames=64, size=224),
    "forward_8": Work(training=False, clips=8, frames=64, size=224),
    "train_1": Work(training=True, clips=1, frames=32, size=224),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--works", default=",".join(WORKS))
    arguments = parser.parse_args()
    print("| | | median | of the best PyTorch | memory | to the first result |")
    print("|---|---|---|---|---|---|")
    for work_name in arguments.works.split(","):
        work = WORKS[work_name]
        contestants = {
            "ours": functools.partial(ours, work),
            "eager": functools.partial(pytorch, work),
            "channels last": functools.partial(pytorch, work, channels_last=True),
        }
        if not work.training:  # of a training step it takes a quarter of an hour, and 20 GB
            both = functools.partial(pytorch, work, channels_last=True, compiled=True)
            contestants |= {
                "compiled": functools.partial(pytorch, work, compiled=True),
                "compiled, channels last": both,
            }
            if work.clips == 1:  # of more clips six processes would be more than 24 GB
                contestants[KEPT] = functools.partial(both, memory_kept=True)
        figures = in_turn(contestants, arguments.rounds)
        best = min(side.seconds for name, side in figures.items() if name not in ("ours", KEPT))
        for name, side in figures.items():
            print(
                f"| {work_name} | {name} | {side.seconds:.3f} s | {best / side.seconds:.2f} "
                f"| {side.memory:.2f} GB | {side.setup:.0f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
