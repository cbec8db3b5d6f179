"""A run from first batch to best checkpoint, top to bottom."""

import functools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import jax
import numpy as np
from flax import nnx
from ml_collections import ConfigDict
from tensorboardX import SummaryWriter
from tqdm import tqdm

from sfsign_jax import configuration
from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import word_error_rate
from sfsign_jax.inference import SplitPredictions, predict_split
from sfsign_jax.training.initialization import initial_weights
from sfsign_jax.training.optimizer import Recipe
from sfsign_jax.training.sources import Source, open_source
from sfsign_jax.training.state import TrainState, train_state_of
from sfsign_jax.training.step import train_step

Metrics = dict[str, float]


def train(config: ConfigDict, workdir: Path) -> None:
    """Train on the config's dataset; the best model by dev WER is left in workdir/best.

    Raises:
        UserError: the config and the dataset do not fit, the workdir holds another run, or too
            many batches were not finite.
    """
    source = open_source(config)
    steps_per_epoch = source.train_clips // config.training.batch_size
    if steps_per_epoch == 0:
        raise UserError(f"{source.name} has fewer training clips than config.training.batch_size")
    model = configuration.model_config(config, num_classes=len(source.vocabulary) + 1)
    recipe = configuration.recipe(config, steps_per_epoch)
    weights, origin = initial_weights(model, source.vocabulary, config.init, config.seed)
    description = ModelDescription(
        model, source.vocabulary, source.preprocessing, f"trained on {source.name} from {origin}"
    )
    start_workdir(workdir, config)

    state = train_state_of(weights, recipe, config.seed)
    batches = source.training_batches(0, recipe.epochs * steps_per_epoch)
    best = np.inf
    with SummaryWriter(str(workdir)) as board, (workdir / "train.log").open("w") as log:
        tell(f"start from {origin}", log)
        for epoch in range(1, recipe.epochs + 1):
            start = time.perf_counter()
            title = f"epoch {epoch}/{recipe.epochs}"
            state, metrics = train_epoch(state, batches, description, recipe, board, title)
            clips_a_second = (
                steps_per_epoch * config.training.batch_size / (time.perf_counter() - start)
            )
            predictions = dev_predictions(state, source, description)
            wer = word_error_rate(predictions.references, predictions.sequence).rate
            conv_wer = word_error_rate(predictions.references, predictions.conv).rate
            board.add_scalar("dev/wer", wer, int(state.step))
            board.add_scalar("dev/conv_wer", conv_wer, int(state.step))
            line = (
                f"{title}  loss {metrics['loss']:.2f}  dev WER {wer:.1f} % (conv {conv_wer:.1f} %)"
                f"  learning rate {metrics['learning_rate']:.1e}  {clips_a_second:.1f} clips/s"
                f"  {time.perf_counter() - start:.0f} s"
            )
            if wer < best:
                best = wer
                model_state = nnx.merge_state(state.params, state.batch_stats)
                save_checkpoint(workdir / "best", model_state, description)
                line += "  best so far"
            tell(line, log)
            if int(state.skipped) >= config.training.max_skipped:
                raise UserError(
                    f"{int(state.skipped)} batches had a loss or gradient that is not finite: "
                    "lower config.optimizer.learning_rate, or check the labels of short clips"
                )


def start_workdir(workdir: Path, config: ConfigDict) -> None:
    """Make the folder and leave the run's configuration in it."""
    if (workdir / "config.json").exists():
        raise UserError(f"{workdir} already holds a run: choose another --workdir or delete it")
    workdir.mkdir(parents=True, exist_ok=True)
    (workdir / "config.json").write_text(config.to_json_best_effort(indent=2) + "\n")


def tell(line: str, log: TextIO) -> None:
    """Above the progress bar, and in the log."""
    tqdm.write(line)
    print(line, file=log, flush=True)


def train_epoch(
    state: TrainState,
    batches: Iterator[dict[str, jax.Array]],
    description: ModelDescription,
    recipe: Recipe,
    board: SummaryWriter,
    title: str,
) -> tuple[TrainState, Metrics]:
    """One pass over the training clips; the mean of each metric over its finite batches."""
    history: list[Metrics] = []
    pending: dict[str, jax.Array] = {}
    first_step = int(state.step)
    progress = tqdm(
        range(recipe.steps_per_epoch), desc=title, unit="batch", leave=False, disable=None
    )
    for i in progress:
        state, metrics = train_step(state, next(batches), config=description.config, recipe=recipe)
        # Metrics are fetched one step late, so that the device never waits for the host.
        if pending:
            history.append(fetch(pending, board, first_step + i))
            progress.set_postfix(loss=f"{history[-1]['loss']:.2f}")
        pending = metrics
    history.append(fetch(pending, board, first_step + recipe.steps_per_epoch))
    finite = [metrics for metrics in history if np.isfinite(metrics["loss"])] or history
    return state, {name: float(np.mean([m[name] for m in finite])) for name in history[0]}


def fetch(metrics: dict[str, jax.Array], board: SummaryWriter, step: int) -> Metrics:
    values = {name: float(value) for name, value in jax.device_get(metrics).items()}
    for name, value in values.items():
        board.add_scalar(f"train/{name}", value, step)
    return values


def dev_predictions(
    state: TrainState, source: Source, description: ModelDescription
) -> SplitPredictions:
    model_state = nnx.merge_state(state.params, state.batch_stats)
    network = functools.partial(source.network, model_state, config=description.config)
    return predict_split(network, source.dev_batches(), source.vocabulary)
