"""Converts a released SlowFastSign checkpoint into one of ours.

python tools/convert_weights.py SOURCE.pt DESTINATION [--vocabulary FILE] [--model.key=value ...]

The architecture is read off the file; --model.alpha=4, --model.fusion=FuseBiAdd2 or
--model.temporal_stack=K5,P2,K5 say what its shapes can't.
"""

import argparse
import dataclasses
from pathlib import Path

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.pytorch import convert_tensors, read_released_file
from sfsign_jax.errors import UserError, run_command_line
from sfsign_jax.models.sign_model import ModelConfig

# What names and shapes can't tell.
OPTIONS = {
    "alpha": int,
    "fusion": str,
    "temporal_stack": lambda text: tuple(text.split(",")),
    "share_classifier": int,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Converts a released SlowFastSign checkpoint (.pt) into one of ours.",
        usage="python tools/convert_weights.py SOURCE.pt DESTINATION [--vocabulary FILE] "
        "[--model.key=value ...]",
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("destination", type=Path)
    parser.add_argument("--vocabulary", type=Path, help="a text file, one gloss a line")
    for name, parse in OPTIONS.items():
        parser.add_argument(f"--model.{name}", type=parse, dest=name)
    arguments = parser.parse_args()
    if arguments.destination.exists():
        raise UserError(f"{arguments.destination} exists already: choose another destination")

    tensors = read_released_file(arguments.source)
    options = {name: getattr(arguments, name) for name in OPTIONS}
    config = with_options(read_architecture(tensors), options)
    config, state = convert_tensors(tensors, config)
    vocabulary = arguments.vocabulary and read_vocabulary(arguments.vocabulary, config.num_classes)
    description = ModelDescription(config, vocabulary, source=f"converted from {arguments.source}")
    save_checkpoint(arguments.destination, state, description)
    print(f"{arguments.destination}: {config}")


def with_options(config: ModelConfig, options: dict) -> ModelConfig:
    """The architecture with what the user knows better.

    Raises:
        UserError: a value that no model has.
    """
    given = {name: value for name, value in options.items() if value is not None}
    backbone = {name: given.pop(name) for name in ("alpha", "fusion") if name in given}
    try:
        return dataclasses.replace(
            config, backbone=dataclasses.replace(config.backbone, **backbone), **given
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def read_vocabulary(path: Path, num_classes: int) -> tuple[str, ...]:
    """The glosses of classes 1, 2, …

    Raises:
        UserError: the file is missing or has another number of glosses than the model.
    """
    try:
        glosses = tuple(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as a text file of glosses: {error}") from error
    if len(glosses) != num_classes - 1:
        raise UserError(
            f"{path} has {len(glosses)} glosses, the model {num_classes - 1} and the blank"
        )
    return glosses


if __name__ == "__main__":
    run_command_line(main)
