"""A checkpoint of a small network with random weights."""

from pathlib import Path

from oracle import oracle_of, small_config, state_of

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.transforms import Preprocessing

CONFIG = small_config(num_classes=4)
DESCRIPTION = ModelDescription(
    CONFIG, ("A", "B", "C"), Preprocessing((40, 40), (32, 32), frame_rate=25.0), "a test"
)


def save_small_checkpoint(folder: Path, seed: int = 0) -> None:
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG, seed)), DESCRIPTION)
