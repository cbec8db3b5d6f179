"""Released files as checkpoints of ours: a whole recogniser, or the backbone of a new one."""

import dataclasses
from pathlib import Path
from typing import Any

from flax import nnx

from sfsign_jax.checkpoint import ModelDescription
from sfsign_jax.conversion import caffe2, pytorch
from sfsign_jax.conversion.architecture import read_architecture
from sfsign_jax.conversion.backbone_files import backbone_format
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import new_model


def convert_checkpoint(
    source: Path, vocabulary: tuple[str, ...] | None, options: dict[str, Any]
) -> tuple[nnx.State, ModelDescription]:
    """A released .pt file."""
    released = pytorch.read_released_file(source)
    config = with_options(read_architecture(released.tensors), options)
    config, state = pytorch.convert_tensors(released.tensors, config, source)
    vocabulary = vocabulary or released.vocabulary
    if vocabulary and len(vocabulary) != config.num_classes - 1:
        raise UserError(
            f"the vocabulary has {len(vocabulary)} glosses, {source} {config.num_classes - 1} and "
            "the blank"
        )
    return state, ModelDescription(
        config,
        vocabulary,
        source=f"converted from {source}",
        num_batches_tracked=pytorch.batches_tracked(released.tensors),
    )


def convert_backbone(
    source: Path, vocabulary: tuple[str, ...] | None, options: dict[str, Any]
) -> tuple[nnx.State, ModelDescription]:
    """A .pkl or .pyth file: the backbone of a model that is otherwise untrained."""
    if vocabulary is None:
        raise UserError(f"{source} is a backbone without classes: name them with --vocabulary")
    read, architecture, name_of = backbone_format(source)
    tensors = read(source)
    config = with_options(ModelConfig(len(vocabulary) + 1, architecture(tensors)), options)
    initial = nnx.state(new_model(config))
    state, outcomes = caffe2.load_backbone(initial, tensors, config, source, name_of)
    print(caffe2.summary(outcomes))
    return state, ModelDescription(config, vocabulary, source=f"backbone of {source}, untrained")


def with_options(config: ModelConfig, options: dict[str, Any]) -> ModelConfig:
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
