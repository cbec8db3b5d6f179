"""What a run is trained and evaluated on: the frames of a prepared dataset, or features of them."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flax import nnx
from jax.sharding import Mesh
from ml_collections import ConfigDict

from sfsign_jax.checkpoint import load_checkpoint
from sfsign_jax.data.batching import ClipBatch
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.features import (
    feature_clip_ids,
    feature_evaluation_batches,
    feature_training_batches,
    open_features,
)
from sfsign_jax.data.training_batches import clip_ids, training_batches
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.feature_extraction import fingerprint
from sfsign_jax.recognition.network import ClipLogits, clip_logits, feature_logits
from sfsign_jax.training import config as configuration


class Source(NamedTuple):
    name: str
    vocabulary: tuple[str, ...]
    train_clips: int
    preprocessing: Preprocessing
    # (first, last + 1, mesh)
    training_batches: Callable[[int, int, Mesh], Iterator[dict[str, Any]]]
    clip_ids: Callable[[int], list[str]]  # of a training batch
    dev_batches: Callable[[Mesh], Iterator[ClipBatch]]
    logits_of: Callable[..., ClipLogits]  # (network, inputs, num_frames)


def open_source(config: ConfigDict) -> Source:
    """What the config names.

    Raises:
        UserError: it is not there, or does not fit the config.
    """
    return feature_source(config) if config.data.features else frame_source(config)


def frame_source(config: ConfigDict) -> Source:
    dataset = open_dataset(config.data.name, config.data.prepared_dir)
    preprocessing = configuration.preprocessing(config, dataset)
    padding = config.training.padding
    order = evaluation_order(dataset.num_frames["dev"], padding)
    return Source(
        dataset.name,
        dataset.vocabulary,
        len(dataset.splits["train"]),
        preprocessing,
        functools.partial(training_batches, dataset, config),
        functools.partial(clip_ids, dataset, config),
        functools.partial(evaluation_batches, dataset, "dev", config, order),
        functools.partial(clip_logits, padding=padding),
    )


def feature_source(config: ConfigDict) -> Source:
    features = open_features(config.data.features)
    if config.training.padding != "masked":
        raise UserError("features are of clips by themselves: config.training.padding is 'masked'")
    if not config.init.checkpoint:
        raise UserError(
            "features need the backbone that made them: give its checkpoint as "
            "config.init.checkpoint"
        )
    model, description = load_checkpoint(Path(config.init.checkpoint).expanduser())
    if fingerprint(nnx.state(model)) != features.checkpoint:
        raise UserError(
            f"the features in {config.data.features} were not made by {config.init.checkpoint}: "
            "give the checkpoint they were extracted with"
        )
    return Source(
        f"features of {features.name}",
        features.vocabulary,
        len(features.clips["train"]),
        description.preprocessing,
        functools.partial(feature_training_batches, features, config),
        functools.partial(feature_clip_ids, features, config),
        functools.partial(feature_evaluation_batches, features, "dev", config),
        feature_logits,
    )
