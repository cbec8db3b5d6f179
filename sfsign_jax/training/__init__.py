"""The step that trains, and the loop around it."""

from sfsign_jax.training.optimizer import Recipe, learning_rate
from sfsign_jax.training.state import TrainState, create_train_state
from sfsign_jax.training.step import train_step

__all__ = ["Recipe", "TrainState", "create_train_state", "learning_rate", "train_step"]
