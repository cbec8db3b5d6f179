"""The second stage of a run: a new head for the backbone that the first one has trained.

While a network is trained whole, its BiLSTM runs after features that still move: from random
weights and on a small corpus it is far from what it could make of them in the end. On features that
stay, a step takes a fraction of the time (staged training: Cui et al., "Recurrent convolutional
neural networks for continuous sign language recognition by staged optimization", CVPR 2017).
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
from sfsign_jax.training.workdir import BEST, METRICS, WHOLE

HEAD = "head"  # the workdir of the second stage
FEATURES = "features"


def train_in_stages(config: ConfigDict, workdir: Path) -> None:
    """Train the whole network, then a new head for `head_epochs`; the better one is workdir/best.

    Each stage goes on where it was.

    Raises:
        UserError: as for `train`, or the config has no stages.
        InterruptedRunError, NotFiniteError: as for `train`.
    """
    check_stages(config)
    train(config, workdir)
    if len(epochs_of(workdir / HEAD)) < config.training.head_epochs:
        log_line(workdir, f"a new head, on the features of {workdir / WHOLE}")
        features_of_whole(config, workdir)
        train(head_config(config, workdir), workdir / HEAD)
    shutil.rmtree(workdir / FEATURES, ignore_errors=True)
    of_whole = epochs_of(workdir)[-1]["dev_wer"]
    of_head = min(epoch["dev_wer"] for epoch in epochs_of(workdir / HEAD))
    better = workdir / WHOLE if of_whole < of_head else workdir / HEAD / BEST
    model, description = load_checkpoint(better)
    save_checkpoint(workdir / BEST, nnx.state(model), description)


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
    head.init.checkpoint = str(workdir / WHOLE)
    head.init.new_head = True
    head.model.pathway_enhancement = False  # its heads were there to train the backbone
    head.training.epochs = config.training.head_epochs
    head.training.head_epochs = 0
    return head


def features_of_whole(config: ConfigDict, workdir: Path) -> None:
    """Those of the train and dev splits, by the first stage's model."""
    model, description = load_checkpoint(workdir / WHOLE)
    dataset = open_dataset(config.data.name, config.data.prepared_dir)
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
