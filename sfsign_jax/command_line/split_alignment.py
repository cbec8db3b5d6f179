"""What `align` prints and writes of a prepared split."""

import argparse
from pathlib import Path

from sfsign_jax.command_line.run import print_error
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import DOUBTFUL
from sfsign_jax.recognition.split_alignment import AlignedSplit, align_split
from sfsign_jax.sharing import is_fetched
from sfsign_jax.text import printable

NAMED = 10  # clips; all of them are in the table


def align_prepared(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Write when each gloss of a split is signed, and say which clips hardly fit theirs."""
    frame_size = recognizer.preprocessing.frame_size
    dataset = open_dataset(arguments.prepared, arguments.prepared_dir, frame_size)
    if is_fetched(arguments.checkpoint) and not arguments.output:
        raise UserError(f"{arguments.checkpoint} is on the web: give a folder with --output")
    folder = Path(arguments.checkpoint).absolute().parent / "alignment" / arguments.split
    aligned = align_split(recognizer, dataset, arguments.split, arguments.output or folder)
    for reason in aligned.left_out:
        print_error(f"left out {reason}")
    print(describe_split(aligned, f"{dataset.name} {arguments.split}"))


def describe_split(aligned: AlignedSplit, name: str) -> str:
    costs = {signed.id: signed.cost for signed in aligned.glosses}
    left_out = f", {len(aligned.left_out)} left out" if aligned.left_out else ""
    lines = [f"{len(costs)} clips of {name} aligned{left_out}: {aligned.table}"]
    doubtful = {clip: cost for clip, cost in costs.items() if cost > DOUBTFUL}
    if doubtful:
        worst = sorted(doubtful, key=lambda clip: doubtful[clip], reverse=True)
        more = " …" if len(worst) > NAMED else ""
        lines.append(
            f"{len(doubtful)} of them hardly fit their glosses (cost above {DOUBTFUL:g}), worst "
            f"first: {', '.join(worst[:NAMED])}{more}"
        )
    return "\n".join(map(printable, lines))
