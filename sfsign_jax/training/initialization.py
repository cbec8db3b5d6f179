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
    if init.new_head and not init.checkpoint:
        raise UserError("config.init.new_head is for the backbone of a config.init.checkpoint")
    state = nnx.state(new_model(config, seed))
    if init.backbone:
        path = Path(init.backbone).expanduser()
        read, _, name_of = backbone_format(path)
        state, outcomes = caffe2.load_backbone(state, read(path), config, init.backbone, name_of)
        return state, f"backbone of {init.backbone}: {caffe2.summary(outcomes)}"
    if init.new_head:
        return with_new_head(state, config, init.checkpoint)
    if init.checkpoint:
        return fine_tune(state, config, vocabulary, init.checkpoint)
    return state, "random weights"


def fine_tune(
    state: nnx.State, config: ModelConfig, vocabulary: tuple[str, ...], checkpoint: str
) -> tuple[nnx.State, str]:
    """The checkpoint's weights, its classifiers only where the vocabulary is the same.

    Heads of the pathways, which are there for training alone, it may lack.

    Raises:
        UserError: as for `open_checkpoint`, or it is of another architecture.
    """
    model, description = open_checkpoint(checkpoint)
    check_architecture(checkpoint, description.config, config)
    loaded = dict(nnx.to_flat_state(nnx.state(model)))
    told = f"all weights of {checkpoint}"
    if description.vocabulary != vocabulary:
        told = f"weights of {checkpoint}; its vocabulary is another, so the classifiers start anew"
        loaded = {path: x for path, x in loaded.items() if not any(c in path for c in CLASSIFIERS)}
    if config.pathway_enhancement and not description.config.pathway_enhancement:
        told += "; it has no heads for each pathway, so these start anew"
    weights = {path: loaded.get(path, own) for path, own in nnx.to_flat_state(state)}
    return nnx.from_flat_state(weights), told


def with_new_head(state: nnx.State, config: ModelConfig, checkpoint: str) -> tuple[nnx.State, str]:
    """The checkpoint's backbone under the state's own head, which may be of another kind.

    Raises:
        UserError: as for `open_checkpoint`, or the backbone is of another architecture.
    """
    model, description = open_checkpoint(checkpoint)
    theirs = dataclasses.replace(config, backbone=description.config.backbone)
    check_architecture(checkpoint, theirs, config)
    loaded = dict(nnx.to_flat_state(nnx.state(model.backbone)))
    weights = {
        path: loaded[path[1:]] if path[0] == "backbone" else variable
        for path, variable in nnx.to_flat_state(state)
    }
    return nnx.from_flat_state(weights), f"the backbone of {checkpoint} and a new head"


def check_architecture(checkpoint: str, theirs: ModelConfig, ours: ModelConfig) -> None:
    """Raises UserError where the two differ in what weights depend on."""
    if differences := differing_fields(theirs, ours):
        raise UserError(f"{checkpoint} is of another architecture: {'; '.join(differences)}")


def differing_fields(theirs: ModelConfig, ours: ModelConfig) -> list[str]:
    """What the two architectures disagree on, where weights depend on it.

    They don't on dropout and initial values, and classifiers and the heads of the pathways may
    start anew.
    """
    irrelevant = {
        *("num_classes", "pathway_enhancement"),
        *("feature_dropout", "lstm_dropout", "zero_init_final_bn"),
    }
    flat = []
    for config in (theirs, ours):
        fields = dataclasses.asdict(config)
        flat.append(fields.pop("backbone") | fields)
    return [
        f"{name} is {flat[0][name]} there and {flat[1][name]} in config.model"
        for name in flat[0]
        if name not in irrelevant and flat[0][name] != flat[1][name]
    ]
