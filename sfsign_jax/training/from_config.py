"""What is made of a config's numbers: an architecture, a recipe, how frames are preprocessed."""

import dataclasses
from typing import Any

from ml_collections import ConfigDict

from sfsign_jax.data.augmentation import Augmentation
from sfsign_jax.data.batching import Batching
from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.losses import LossWeights
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.training.optimizer import Recipe


def model_config(config: ConfigDict, num_classes: int) -> ModelConfig:
    """The architecture.

    Raises:
        UserError: a value that no model has.
    """
    fields: dict[str, Any] = config.model.to_dict()
    # How a backbone is stacked is the device's affair.
    backbone = {field.name for field in dataclasses.fields(BackboneConfig)} - {"stacked"}
    try:
        return ModelConfig(
            num_classes=num_classes,
            backbone=BackboneConfig(**{name: fields.pop(name) for name in backbone}),
            **fields,
        )
    except ValueError as error:
        raise UserError(f"config.model: {error}") from error


def recipe(config: ConfigDict, steps_per_epoch: int) -> Recipe:
    """How the model is trained.

    Raises:
        UserError: a value that no recipe has, or a batch that can't be cut into such parts.
    """
    if config.training.batch_size % config.training.accumulation:
        raise UserError(
            f"config.training.accumulation is {config.training.accumulation}: it must divide "
            f"batch_size, which is {config.training.batch_size}"
        )
    if config.loss.consistency and config.data.features:
        raise UserError(
            "config.loss.consistency is for training on frames, whose views differ: set it to 0 "
            "with config.data.features"
        )
    try:
        return Recipe(
            epochs=config.training.epochs,
            steps_per_epoch=steps_per_epoch,
            loss_weights=LossWeights(**config.loss),
            padding=config.training.padding,
            crop_size=tuple(config.data.crop_size),
            colour=config.data.colour,
            zoom=config.data.zoom,
            invert=config.data.invert,
            compute_dtype=config.training.compute_dtype,
            accumulation=config.training.accumulation,
            remat=tuple(config.training.remat),
            freeze_statistics=config.training.freeze_statistics,
            train_backbone=not config.data.features,
            **config.optimizer,
        )
    except ValueError as error:
        raise UserError(f"config: {error}") from error


def augmentation(config: ConfigDict) -> Augmentation:
    """What is drawn for a training clip.

    Raises:
        UserError: a share that is none.
    """
    names = [field.name for field in dataclasses.fields(Augmentation)]
    try:
        return Augmentation(**{name: config.data[name] for name in names})
    except ValueError as error:
        raise UserError(f"config.data.{error}") from error


def batching(config: ConfigDict, batch_size: int) -> Batching:
    """How clips are cut into batches."""
    return Batching(batch_size, tuple(config.data.buckets), config.data.workers)


def frame_size(config: ConfigDict) -> tuple[int, int] | None:
    """What frames are resized to; None where they stay as they are stored.

    Raises:
        UserError: it is no height and width.
    """
    size = tuple(config.data.frame_size)
    if size and not (len(size) == 2 and all(isinstance(x, int) and x > 0 for x in size)):
        raise UserError(f"config.data.frame_size is {size}: a height and a width, in pixels, or ()")
    return size or None


def preprocessing(config: ConfigDict, dataset: Dataset) -> Preprocessing:
    """How the frames of a dataset reach the model.

    Raises:
        UserError: the crop does not fit, or is no multiple of 32.
    """
    crop_size = tuple(config.data.crop_size)
    try:
        return Preprocessing(
            dataset.frame_size, crop_size, dataset.drop_top_rows, dataset.frame_rate
        )
    except ValueError as error:
        raise UserError(f"config.data: {error}") from error
