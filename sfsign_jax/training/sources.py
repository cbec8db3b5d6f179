"""What a run is trained and evaluated on: the frames of a prepared dataset, or features of them."""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from flax import nnx
from ml_collections import ConfigDict

from sfsign_jax.checkpoint import fingerprint
from sfsign_jax.data.augmentation import most_frames
from sfsign_jax.data.catalog import ClipFacts, open_dataset
from sfsign_jax.data.evaluation_batches import EvaluationClips
from sfsign_jax.data.features import EvaluationFeatures, TrainingFeatures, open_features
from sfsign_jax.data.frame_clips import EvaluationFrames, TrainingFrames
from sfsign_jax.data.training_batches import TrainingClips
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.recognition.network import frame_features
from sfsign_jax.recognition.timing import FeaturesOf
from sfsign_jax.sharing import open_checkpoint
from sfsign_jax.training import from_config


class Source(NamedTuple):
    name: str
    vocabulary: tuple[str, ...]
    preprocessing: Preprocessing
    train: TrainingClips
    dev: EvaluationClips
    timed: EvaluationClips  # of training, as they are
    features_of: FeaturesOf
    clips: Mapping[str, tuple[ClipFacts, ...]]  # none, where an earlier version prepared them
    most_frames: Callable[[int], int]  # that a training clip of so many frames may be drawn to


def open_source(config: ConfigDict) -> Source:
    """What the config names.

    Raises:
        UserError: it is not there, or does not fit the config.
    """
    return feature_source(config) if config.data.features else frame_source(config)


def frame_source(config: ConfigDict) -> Source:
    frame_size = from_config.frame_size(config)
    dataset = open_dataset(config.data.name, config.data.prepared_dir, frame_size)
    preprocessing = from_config.preprocessing(config, dataset)
    augmentation = from_config.augmentation(config)
    return Source(
        dataset.name,
        dataset.vocabulary,
        preprocessing,
        TrainingFrames(dataset, augmentation, config.data.max_labels, config.seed),
        EvaluationFrames(dataset, "dev"),
        EvaluationFrames(dataset, "train"),
        functools.partial(frame_features, padding=config.training.padding),
        dataset.clips,
        functools.partial(most_frames, augmentation=augmentation),
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
    model, description = open_checkpoint(config.init.checkpoint)
    if fingerprint(nnx.state(model)) != features.checkpoint:
        raise UserError(
            f"the features in {config.data.features} were not made by {config.init.checkpoint}: "
            "give the checkpoint they were extracted with"
        )
    stride = total_stride(description.config.temporal_stack)
    return Source(
        f"features of {features.name}",
        features.vocabulary,
        description.preprocessing,
        TrainingFeatures(features, config.data.max_labels, config.seed, stride),
        EvaluationFeatures(features, "dev"),
        EvaluationFeatures(features, "train"),
        lambda network, inputs, num_frames: inputs,
        features.facts,
        lambda num_frames: num_frames,
    )
