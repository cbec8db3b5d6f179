"""Converts released SlowFastSign weights into a checkpoint of ours, and a checkpoint back.

python tools/convert_weights.py SOURCE.pt|SOURCE.pkl|SOURCE.pyth DESTINATION [--vocabulary FILE]
python tools/convert_weights.py CHECKPOINT DESTINATION.pt --to-pytorch

The architecture is read off the file; --model.alpha=4, --model.fusion=FuseBiAdd2 or
--model.temporal_stack=K5,P2,K5 say what its shapes can't. --dataset, or
--preprocessing.drop_top_rows=48 and --preprocessing.frame_rate=30, say how its frames were stored.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sfsign_jax.command_line.arguments import frame_rate
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.catalog import PREPARED_DIR
from sfsign_jax.errors import UserError

if TYPE_CHECKING:
    from sfsign_jax.data.transforms import Preprocessing

# What names and shapes can't tell: of the model,
MODEL_OPTIONS = {
    "alpha": int,
    "fusion": str,
    "temporal_stack": lambda text: tuple(text.split(",")),
    "share_classifier": int,
}
# and of the frames that it was trained on.
PREPROCESSING_OPTIONS = {"drop_top_rows": int, "frame_rate": frame_rate}


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from flax import nnx

    from sfsign_jax.checkpoint import save_checkpoint
    from sfsign_jax.conversion import pytorch
    from sfsign_jax.conversion.backbone_files import BACKBONE_FORMATS
    from sfsign_jax.conversion.released import convert_backbone, convert_checkpoint
    from sfsign_jax.sharing import open_checkpoint

    if arguments.destination.exists():
        raise UserError(f"{arguments.destination} exists already: choose another destination")
    if arguments.to_pytorch:
        model, description = open_checkpoint(arguments.source)
        pytorch.write_released_file(arguments.destination, nnx.state(model), description)
        print(f"{arguments.destination}: {len(nnx.to_flat_state(nnx.state(model)))} parameters")
        return
    options = {name: getattr(arguments, name) for name in MODEL_OPTIONS}
    stored = preprocessing(arguments)
    source = Path(arguments.source)
    is_backbone = source.suffix in BACKBONE_FORMATS
    convert = convert_backbone if is_backbone else convert_checkpoint
    state, description = convert(source, chosen_vocabulary(arguments), options)
    description = dataclasses.replace(description, preprocessing=stored)
    save_checkpoint(arguments.destination, state, description)
    print(f"{arguments.destination}: {description.config}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s SOURCE DESTINATION [options]",
    )
    parser.add_argument("source")
    parser.add_argument("destination", type=Path)
    glosses = parser.add_mutually_exclusive_group()
    glosses.add_argument(
        "--vocabulary",
        type=Path,
        metavar="FILE",
        help="glosses of the classes: a text file, one a line, or the published gloss_dict.npy",
    )
    glosses.add_argument(
        "--dataset",
        metavar="NAME",
        help="take vocabulary, frame rate and dropped rows of this prepared dataset",
    )
    parser.add_argument("--prepared_dir", default=PREPARED_DIR, metavar="DIR")
    parser.add_argument(
        "--to-pytorch", action="store_true", help="SOURCE is a checkpoint, DESTINATION a .pt file"
    )
    for group, options in (("model", MODEL_OPTIONS), ("preprocessing", PREPROCESSING_OPTIONS)):
        for name, parse in options.items():
            parser.add_argument(f"--{group}.{name}", type=parse, dest=name, metavar="VALUE")
    return parser.parse_args()


def chosen_vocabulary(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    from sfsign_jax.conversion.vocabulary import read_vocabulary
    from sfsign_jax.data.catalog import open_dataset

    if arguments.dataset:
        return open_dataset(arguments.dataset, arguments.prepared_dir).vocabulary
    return arguments.vocabulary and read_vocabulary(arguments.vocabulary)


def preprocessing(arguments: argparse.Namespace) -> "Preprocessing":
    """How frames reach the model: as the dataset has them, then as the options say.

    Raises:
        UserError: there are no such frames.
    """
    from sfsign_jax.data.catalog import open_dataset
    from sfsign_jax.data.transforms import Preprocessing

    known = {}
    if arguments.dataset:
        dataset = open_dataset(arguments.dataset, arguments.prepared_dir)
        known = {
            name: getattr(dataset, name) for name in ("frame_size", "drop_top_rows", "frame_rate")
        }
    options = {name: getattr(arguments, name) for name in PREPROCESSING_OPTIONS}
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Preprocessing(**(known | given))
    except ValueError as error:
        raise UserError(f"--preprocessing: {error}") from error


if __name__ == "__main__":
    run_command_line(main)
