"""A step of training of a small network, to ask a backend whether it can train at all."""

import numpy as np

from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.training.optimizer import Recipe
from sfsign_jax.training.state import TrainState, create_train_state
from sfsign_jax.training.step import train_step


def probe_training() -> TrainState:
    """The state after one step on one blank clip, with every operation that training needs."""
    config = ModelConfig(
        num_classes=3,
        backbone=BackboneConfig(depths=(1, 1, 1, 1), temporal_blocks=(1, 1, 1, 1), width=8),
        hidden_size=8,
        pathway_enhancement=False,
    )
    recipe = Recipe(steps_per_epoch=1, crop_size=(32, 32))
    batch = {
        "frames": np.zeros((1, 8, 32, 32, 3), np.uint8),
        "corner": np.zeros((1, 2), np.int32),
        "flip": np.zeros(1, bool),
        "num_frames": np.array([8], np.int32),
        "labels": np.ones((1, 1), np.int32),
        "num_labels": np.ones(1, np.int32),
    }
    state = create_train_state(config, recipe)
    return train_step(state, batch, config=config, recipe=recipe)[0]
