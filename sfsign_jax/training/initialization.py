"""Where training starts: random weights, a pretrained backbone, or another checkpoint."""

import dataclasses
from pathlib import Path

from flax import nnx
from ml_collections import ConfigDict

from sfsign_jax.conversion import caffe2
from sfsign_jax.conversion.backbone_files import backbone_format
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import new_model
from sfsign_jax.sharing import open_checkpoint

CLASSIFIERS = ("classifier", "conv_classifier")


def initial_weights(
    config: ModelConfig, vocabulary: tuple[str, ...], init: ConfigDict, seed: int
) -> tuple[nnx.State, str]:
    """The state training starts from, and where it comes from in words.

    Raises:
        UserError: a file of `init` is not there or does not fit the architecture.
    """
    if init.backbone and init.checkpoint:
        raise UserError("config.init has a backbone and a checkpoint: choose one")
    state = nnx.state(new_model(config, seed))
    if init.backbone:
        path = Path(init.backbone).expanduser()
        read, _, name_of = backbone_format(path)
        state, outcomes = caffe2.load_backbone(state, read(path), config, init.backbone, name_of)
        return state, f"backbone of {init.backbone}: {caffe2.summary(outcomes)}"
    if init.checkpoint:
        return fine_tune(state, config, vocabulary, init.checkpoint)
    return state, "random weights"


def fine_tune(
    state: nnx.State, config: ModelConfig, vocabulary: tuple[str, ...], checkpoint: str
) -> tuple[nnx.State, str]:
    """The checkpoint's weights; its classifiers only where the vocabulary is the same.

    Raises:
        UserError: as for `open_checkpoint`, or it is of another architecture.
    """
    model, description = open_checkpoint(checkpoint)
    if differences := differing_fields(description.config, config):
        raise UserError(f"{checkpoint} is of another architecture: {'; '.join(differences)}")
    loaded = dict(nnx.to_flat_state(nnx.state(model)))
    if description.vocabulary == vocabulary:
        return nnx.from_flat_state(loaded), f"all weights of {checkpoint}"
    for path, variable in nnx.to_flat_state(state):
        if any(name in path for name in CLASSIFIERS):
            loaded[path] = variable
    return nnx.from_flat_state(loaded), (
        f"weights of {checkpoint}; its vocabulary is another, so the classifiers start anew"
    )


def differing_fields(theirs: ModelConfig, ours: ModelConfig) -> list[str]:
    """What the two architectures disagree on, apart from classes, dropout and initial values."""
    irrelevant = {"num_classes", "feature_dropout", "lstm_dropout", "zero_init_final_bn"}
    flat = []
    for config in (theirs, ours):
        fields = dataclasses.asdict(config)
        flat.append(fields.pop("backbone") | fields)
    return [
        f"{name} is {flat[0][name]} there and {flat[1][name]} in config.model"
        for name in flat[0]
        if name not in irrelevant and flat[0][name] != flat[1][name]
    ]
