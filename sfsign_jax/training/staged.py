"""A run of two stages: the backbone by the convolutions alone, then a new head on its features.

From random weights and on a small corpus a BiLSTM runs after features that still move, and by what
it asks of them it makes them worse: it knows the sentences by heart before it knows the signs. On
features that stay it learns well, and a step takes a fraction of the time (staged training: Cui et
al., "Recurrent convolutional neural networks for continuous sign language recognition by staged
optimization", CVPR 2017).
"""

import shutil
from pathlib import Path
from typing import Any

import jax
from flax import nnx
from ml_collections import ConfigDict

from sfsign_jax.checkpoint import load_checkpoint, save_checkpoint
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.errors import UserError
from sfsign_jax.files import read_json
from sfsign_jax.models.lengths import video_length
from sfsign_jax.recognition.feature_extraction import extract_features
from sfsign_jax.recognition.network import Network
from sfsign_jax.training import from_config
from sfsign_jax.training.loop import log_line, train
from sfsign_jax.training.workdir import BACKBONE, BEST, METRICS

HEAD = "head"  # the workdir of the second stage
FEATURES = "features"


def train_in_stages(config: ConfigDict, workdir: Path) -> None:
    """Train the backbone, then a new head for `head_epochs`, whose best model is workdir/best.

    Each stage goes on where it was.

    Raises:
        UserError: as for `train`, or the config has no stages.
        InterruptedRunError, NotFiniteError: as for `train`.
    """
    check_stages(config)
    train(backbone_config(config), workdir)
    if len(epochs_of(workdir / HEAD)) < config.training.head_epochs:
        log_line(workdir, f"a new head, on the features of {workdir / BACKBONE}")
        features_of_backbone(config, workdir)
        train(head_config(config, workdir), workdir / HEAD)
    shutil.rmtree(workdir / FEATURES, ignore_errors=True)
    model, description = load_checkpoint(workdir / HEAD / BEST)
    save_checkpoint(workdir / BEST, nnx.state(model), description)


def backbone_config(config: ConfigDict) -> ConfigDict:
    """The run that trains the backbone."""
    backbone = config.copy_and_resolve_references()
    backbone.loss.seq_ctc = backbone.loss.distillation = 0.0  # these are the BiLSTM's
    return backbone


def check_stages(config: ConfigDict) -> None:
    """Raises UserError where the config has no second stage."""
    if config.training.head_epochs < 0:
        raise UserError(
            f"config.training.head_epochs is {config.training.head_epochs}: 0 or more epochs"
        )
    if config.data.features:
        raise UserError(
            "config.training.head_epochs is for training on frames: with config.data.features "
            "give config.training.epochs"
        )
    for term in ("conv_ctc", "seq_ctc"):  # which train the backbone, and the head
        if not config.loss[term]:
            raise UserError(f"config.training.head_epochs needs config.loss.{term}: it is 0")
    if config.training.padding != "masked":
        raise UserError("config.training.head_epochs needs config.training.padding 'masked'")
    if jax.process_count() > 1:
        raise UserError("config.training.head_epochs is for one process: set it to 0")


def head_config(config: ConfigDict, workdir: Path) -> ConfigDict:
    """The run that trains the head."""
    stack = config.model.temporal_stack
    head = config.copy_and_resolve_references()
    head.data.features = str(workdir / FEATURES)
    head.data.buckets = tuple(video_length(bucket, stack) for bucket in config.data.buckets)
    head.init.backbone = ""
    head.init.checkpoint = str(workdir / BACKBONE)
    head.init.new_head = True
    head.model.pathway_enhancement = False  # its heads were there to train the backbone
    head.optimizer.algorithm = "adam"  # for the time as good here: a step takes half of Muon's
    head.loss.consistency, head.data.invert = 0.0, False  # of features there is one view
    head.training.batch_size = config.training.head_batch_size
    head.training.accumulation = 1  # features are small
    head.training.epochs = config.training.head_epochs
    head.training.head_epochs = 0
    return head


def features_of_backbone(config: ConfigDict, workdir: Path) -> None:
    """Those of the train and dev splits, by the first stage's model."""
    model, description = load_checkpoint(workdir / BACKBONE)
    frame_size = description.preprocessing.frame_size
    dataset = open_dataset(config.data.name, config.data.prepared_dir, frame_size)
    wanted = ("train", "dev")
    dataset = dataset._replace(
        splits={split: dataset.splits[split] for split in wanted},
        num_frames={split: dataset.num_frames[split] for split in wanted},
    )
    network = Network(nnx.state(model), description.config, description.preprocessing)
    batching = from_config.batching(config, config.evaluation.batch_size)
    extract_features(network, dataset, batching, workdir / FEATURES)


def epochs_of(workdir: Path) -> list[dict[str, Any]]:
    """Metrics of the epochs that a run has finished."""
    path = workdir / METRICS
    return read_json(path, list[dict[str, Any]]) if path.exists() else []
