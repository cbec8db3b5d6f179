"""The bounds of the numbers of a config, for every command that has a --config."""

from collections.abc import Iterator
from typing import Any

from ml_collections import ConfigDict

from sfsign_jax.errors import UserError

MOST = 1_000_000_000
# Other numbers are at least 0.
AT_LEAST_1 = {
    "data.frame_interval",
    "data.min_frames",
    "data.max_frames",
    "data.buckets",
    "data.crop_size",
    "data.max_labels",
    "model.hidden_size",
    "training.epochs",
    "training.batch_size",
    "training.head_batch_size",
    "training.accumulation",
    "training.max_skipped",
    "training.save_steps",
    "training.keep_last",
    "evaluation.batch_size",
}
WORDS = {"model.temporal_stack", "training.remat"}
SHARES = {"data.flip", "data.rescale", "model.feature_dropout", "model.lstm_dropout"}


def check_numbers(config: ConfigDict) -> None:
    """Raises UserError where a number of the config is out of its bounds, with its key."""
    for key, number in numbers(config):
        if not isinstance(number, int | float):
            raise UserError(f"config.{key} has {number!r}: give a number")
        if not number <= MOST:
            raise UserError(f"config.{key} is {number}: it is at most {MOST}")
        if number < (least := 1 if key in AT_LEAST_1 else 0):
            raise UserError(f"config.{key} is {number}: it is at least {least}")
        if key in SHARES and number > 1:
            raise UserError(f"config.{key} is {number}: it is a share, at most 1")
    if not config.data.buckets:
        raise UserError("config.data.buckets is empty: say up to which lengths batches are filled")


def numbers(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every number below a key; those of a tuple, and what is no number there, under its key."""
    if isinstance(value, ConfigDict):
        for name, part in value.items():
            yield from numbers(part, f"{key}.{name}" if key else name)
    elif isinstance(value, tuple | list):
        yield from ((key, part) for part in value if key not in WORDS)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value
