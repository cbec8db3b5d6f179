"""Every number a run depends on, and what is made of them."""

import dataclasses
from typing import Any

from ml_collections import ConfigDict

from sfsign_jax.data.catalog import PREPARED_DIR, Dataset
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.losses import LossWeights
from sfsign_jax.models.sign_model import ModelConfig
from sfsign_jax.models.slowfast import BackboneConfig
from sfsign_jax.training.optimizer import Recipe


def published_config() -> ConfigDict:
    """The published model and recipe; a file in configs/ names the data and says what differs."""
    return ConfigDict(
        {
            "seed": 0,
            "data": {
                "name": "",  # a prepared dataset, such as phoenix2014 or synthetic_signs/demo
                "prepared_dir": PREPARED_DIR,
                "data_path": "",  # the corpus itself: where given, training prepares it if need be
                "features": "",  # a folder of extract_features: only what follows is trained
                "crop_size": (224, 224),
                "frame_interval": 1,  # train on every k-th frame
                "flip": 0.5,  # share of the clips that are mirrored
                "rescale": 0.2,  # clips are stretched or shortened by up to this share
                "min_frames": 32,  # … but to no fewer frames than this
                "max_frames": 230,  # … and no more than this / frame_interval
                # A batch is filled up to the next of these; each compiles a program of its own.
                "buckets": (48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 232, 264, 304),
                "workers": 0,  # processes that load batches; 0: threads of this one
                "max_labels": 32,
            },
            # Where the weights come from: one of the two, or random ones.
            "init": {
                "backbone": "",  # a pretrained SlowFast, a Caffe2 .pkl file
                "checkpoint": "",  # a trained model to go on from, a folder
            },
            "model": {
                "depths": (3, 4, 23, 3),
                "temporal_blocks": (3, 4, 6, 3),
                "width": 64,
                "beta_inv": 8,
                "alpha": 4,
                "fusion": "FuseBiAdd",
                "fusion_ratio": 2,
                "zero_init_final_bn": True,  # False where nothing pretrained is loaded
                "temporal_stack": ("K5", "P2", "K5", "P2"),
                "hidden_size": 1024,
                "pathway_enhancement": True,
                "share_classifier": 1,
                "weight_norm": True,
                "feature_dropout": 0.5,
                "lstm_dropout": 0.3,
            },
            "loss": {
                "seq_ctc": 1.0,
                "conv_ctc": 1.0,
                "distillation": 25.0,
                "slow": 0.25,
                "fast": 0.25,
            },
            "optimizer": {
                "learning_rate": 1e-4,
                "warmup_steps": 0,
                "schedule": "steps",  # or "cosine"
                "step_epochs": (40, 60),
                "step_factor": 0.2,
                "weight_decay": 1e-4,
            },
            "training": {
                "epochs": 80,
                "batch_size": 2,
                "padding": "masked",  # or "reference", the published batches
                # Or "bfloat16", but not of parameters, statistics and losses; or "float64", of all.
                "compute_dtype": "float32",
                # For less memory: a batch in so many parts, one after the other, and stages
                # (s2 to s5) whose activations are computed again for the backward pass.
                "accumulation": 1,
                "remat": (),
                "freeze_statistics": False,  # batch norms keep and use their running statistics
                "max_skipped": 30,  # batches that are not finite; this many end the run
                "save_steps": 500,  # between checkpoints; one more at the end of every epoch
                "keep_last": 2,  # checkpoints; beside them
                "keep_epochs": 0,  # that of every n-th epoch; 0: none
            },
            "evaluation": {"batch_size": 4},
        }
    )


def model_config(config: ConfigDict, num_classes: int) -> ModelConfig:
    """The architecture.

    Raises:
        UserError: a value that no model has.
    """
    fields: dict[str, Any] = config.model.to_dict()
    backbone = [field.name for field in dataclasses.fields(BackboneConfig)]
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
    try:
        return Recipe(
            epochs=config.training.epochs,
            steps_per_epoch=steps_per_epoch,
            loss_weights=LossWeights(**config.loss),
            padding=config.training.padding,
            crop_size=tuple(config.data.crop_size),
            compute_dtype=config.training.compute_dtype,
            accumulation=config.training.accumulation,
            remat=tuple(config.training.remat),
            freeze_statistics=config.training.freeze_statistics,
            train_backbone=not config.data.features,
            **config.optimizer,
        )
    except ValueError as error:
        raise UserError(f"config: {error}") from error


def preprocessing(config: ConfigDict, dataset: Dataset) -> Preprocessing:
    """How the frames of a dataset reach the model.

    Raises:
        UserError: the crop does not fit, or is no multiple of 32.
    """
    crop_size, frame_size = tuple(config.data.crop_size), dataset.frame_size
    if any(crop > size for crop, size in zip(crop_size, frame_size, strict=True)):
        raise UserError(
            f"config.data.crop_size is {crop_size}, but the frames are {frame_size}: choose a crop "
            "that fits into them."
        )
    if any(crop % 32 for crop in crop_size):
        raise UserError(f"config.data.crop_size is {crop_size}: both must be multiples of 32.")
    return Preprocessing(frame_size, crop_size, dataset.drop_top_rows, dataset.frame_rate)
