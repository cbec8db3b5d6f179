"""How a forward pass runs: for recognition, or for a gradient."""

from typing import NamedTuple

from jax import Array


class TrainingMode(NamedTuple):
    """For a gradient: every path runs, and batch norms take the statistics of the batch."""

    key: Array | None = None  # of dropout; None: without dropout
    freeze_statistics: bool = False  # batch norms use their running statistics after all
    remat: tuple[str, ...] = ()  # stages of the backbone whose blocks keep only their input


def takes_batch_statistics(training: TrainingMode | None) -> bool:
    return training is not None and not training.freeze_statistics
