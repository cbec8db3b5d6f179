"""A run from first batch to best checkpoint, top to bottom."""

import dataclasses
import functools
import itertools
import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh
from ml_collections import ConfigDict
from tqdm import tqdm

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.batching import EvaluationBatch
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.training_batches import batch_ids, training_batches, without
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import word_error_rate
from sfsign_jax.files import write_text_atomically
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.packing import from_device
from sfsign_jax.recognition.network import ClipLogits, Network, feature_logits
from sfsign_jax.recognition.split import predict_split
from sfsign_jax.recognition.timing import measure_timing, timed_clips
from sfsign_jax.runtime.ahead import Call, Programs, compiled_ahead
from sfsign_jax.runtime.mesh import (
    broadcast_from_first_process,
    clip_mesh,
    describe_mesh,
    is_first_process,
    replicate,
    use_mesh,
)
from sfsign_jax.training import from_config
from sfsign_jax.training.board import AddPoints, open_board
from sfsign_jax.training.fingerprint import fingerprint
from sfsign_jax.training.initialization import initial_weights
from sfsign_jax.training.optimizer import Recipe, global_norm
from sfsign_jax.training.programs import evaluation_calls, step_calls
from sfsign_jax.training.run_checkpoints import (
    Checkpoints,
    RunProgress,
    finish_saving,
    open_checkpoints,
    restore_run,
    save_run,
)
from sfsign_jax.training.short_clips import short_training_clips, told_of_clips
from sfsign_jax.training.sources import Source, open_source
from sfsign_jax.training.state import (
    TrainState,
    config_on_device,
    state_on_device,
    state_on_host,
    train_state_of,
)
from sfsign_jax.training.step import train_step
from sfsign_jax.training.stopping import (
    InterruptedRunError,
    NotFiniteError,
    StopRequest,
    stop_request,
)
from sfsign_jax.training.workdir import BACKBONE, BEST, METRICS, forgot_dataset, own_workdir

NOT_FINITE = "not_finite.log"
TOO_SHORT = "too_short.log"

Metrics = dict[str, float]


def log_line(workdir: Path, line: str) -> None:
    """Above the progress bar, and in the log."""
    if is_first_process():
        tqdm.write(line)
        with (workdir / "train.log").open("a", encoding="utf-8") as log:
            print(line, file=log)


class Run(NamedTuple):
    """What stays the same from the first step to the last."""

    config: ConfigDict
    workdir: Path
    source: Source
    description: ModelDescription
    recipe: Recipe
    mesh: Mesh
    step_config: ModelConfig  # of the state on the devices: blocks may be stacked in it
    checkpoints: Checkpoints
    add_points: AddPoints
    stop: StopRequest


def train(config: ConfigDict, workdir: Path) -> None:
    """Train on the config's dataset, or go on with the run in the workdir.

    The best model by dev WER is left in workdir/best or, where a second stage follows, the last one
    in workdir/backbone; the metrics of all epochs in metrics.json.
    Of several processes the first one writes; all of them must call this.

    Raises:
        UserError: the config and the dataset do not fit, the BiLSTM would not be trained, the
            workdir holds another run, or it can't be written.
        InterruptedRunError: SIGTERM came.
        NotFiniteError: too many batches were not finite.
    """
    if not (trains_bilstm(config) or config.training.head_epochs):
        raise UserError(
            "config.loss.seq_ctc is 0: the BiLSTM, which recognises, would keep its first weights; "
            "give the term a weight, or train in two stages (config.training.head_epochs)"
        )
    source = open_source(config)
    model = from_config.model_config(config, num_classes=len(source.vocabulary) + 1)
    forgot = broadcast_from_first_process(is_first_process() and forgot_dataset(workdir))
    short = {} if forgot else short_training_clips(source, model.temporal_stack)
    clips = without(source.train, short)
    batches = ["batch_size", "head_batch_size"] if config.training.head_epochs else ["batch_size"]
    for key in batches:
        if len(clips) < config.training[key]:
            raise UserError(
                f"{source.name} has {len(clips)} training clips that can be learned, fewer than "
                f"config.training.{key}; {len(short)} are too short for their glosses"
            )
    steps_per_epoch = len(clips) // config.training.batch_size
    recipe = from_config.recipe(config, steps_per_epoch)
    mesh = clip_mesh(config.training.batch_size // recipe.accumulation)
    weights, origin = initial_weights(model, source.vocabulary, config.init, config.seed)
    fresh = train_state_of(weights, recipe, config.seed)
    description = ModelDescription(
        model, source.vocabulary, source.preprocessing, f"trained on {source.name} from {origin}"
    )
    keep_period = config.training.keep_epochs * steps_per_epoch or None
    with (
        own_workdir(workdir, config, fingerprint(source)),
        open_checkpoints(workdir, config.training.keep_last, keep_period) as checkpoints,
        stop_request() as stop,
    ):
        for line in told_of_clips(source, short, forgot, workdir / TOO_SHORT):
            log_line(workdir, line)
        state, progress = restore_run(checkpoints, fresh, functools.partial(log_line, workdir))
        first = int(state.step)
        begin = f"go on from step {first}" if first else f"start from {origin}"
        log_line(workdir, f"{begin}, on {describe_mesh(mesh)}")
        with open_board(workdir, first + 1 if first else None) as add_points:
            run = Run(
                config,
                workdir,
                source._replace(train=clips),
                description,
                recipe,
                mesh,
                config_on_device(model),
                checkpoints,
                add_points,
                stop,
            )
            state = state_on_device(state, run.step_config)
            train_epochs(run, replicate(state, mesh), progress)


def train_epochs(run: Run, state: TrainState, progress: RunProgress) -> None:
    """All epochs that are left."""
    epochs, steps = run.recipe.epochs, run.recipe.steps_per_epoch
    batching = from_config.batching(run.config, run.config.training.batch_size)
    batches = training_batches(
        run.source.train, batching, int(state.step), epochs * steps, run.mesh
    )
    head = [*itertools.islice(batches, 1)]
    batches = itertools.chain(head, batches)
    with compiled_ahead(calls_of(run, state, head), run.mesh) as programs:
        while len(progress["epochs"]) < epochs:
            start = time.perf_counter()
            state, speed = train_epoch(run, state, progress, batches, programs)
            save(run, state, progress)
            end_epoch(run, state, progress)
            seconds = time.perf_counter() - start
            line = epoch_line(progress["epochs"], run.config)
            line += f"  {speed_line(speed)}  {seconds:.0f} s"
            log_line(
                run.workdir,
                line + skipped_words(progress["epochs"][-1]) + best_words(run, progress),
            )
    finish_saving(run.checkpoints)


def calls_of(run: Run, state: TrainState, head: Sequence[dict[str, jax.Array]]) -> list[Call]:
    """What the rest of an epoch will call, of which `head` is the first batch, if there is one."""
    calls = []
    for batch in head:
        batching = from_config.batching(run.config, run.config.training.batch_size)
        calls += step_calls(state, batch, run.source.train, batching, run.step_config, run.recipe)
    if not run.config.data.features:
        batching = from_config.batching(run.config, run.config.evaluation.batch_size)
        splits = [(run.source.dev, dev_order(run))]
        if not run.config.training.head_epochs:
            splits.append((run.source.timed, timed_order(run)))
        calls += evaluation_calls(
            splits,
            batching,
            run.description.config,
            run.description.preprocessing,
            run.recipe.padding,
            jax.tree.leaves(state.params)[0].dtype,
            run.mesh,
        )
    return calls


def train_epoch(
    run: Run,
    state: TrainState,
    progress: RunProgress,
    batches: Iterator[dict[str, jax.Array]],
    programs: Programs,
) -> tuple[TrainState, Metrics]:
    """The rest of an epoch, and its speed."""
    if too_many_skipped(run, progress):  # before the run was stopped
        end_as_not_finite(run, progress)
    steps, done = run.recipe.steps_per_epoch, len(progress["steps"])
    recorder = StepRecorder(run, progress)
    start = time.monotonic()
    waited = 0.0
    for number in epoch_bar(run, progress, programs):
        asked = time.monotonic()
        batch = next(batches)
        waited += time.monotonic() - asked
        programs.check()
        with use_mesh(run.mesh):
            state, metrics = train_step(state, batch, config=run.step_config, recipe=run.recipe)
        recorder.add(metrics)
        if number == steps:
            recorder.flush()
        too_many = too_many_skipped(run, progress)
        stop = run.stop.agreed()
        if number % run.config.training.save_steps == 0 or too_many or stop:
            recorder.flush()
            save(run, state, progress)
        if too_many:
            end_as_not_finite(run, progress)
        if stop:
            interrupt(run)
    seconds = max(time.monotonic() - start, 1e-9)
    clips_a_second = (steps - done) * run.config.training.batch_size / seconds
    speed = {"input_wait_share": waited / seconds, "clips_a_second": clips_a_second}
    run.add_points(named("train", speed | device_memory()), int(state.step))
    return state, speed


def epoch_bar(run: Run, progress: RunProgress, programs: Programs) -> Iterator[int]:
    """The numbers of the steps that are left of an epoch, with a progress bar.

    Beside it the last loss and how many programs are compiled, until all are.
    """
    steps, done = run.recipe.steps_per_epoch, len(progress["steps"])
    with tqdm(
        desc=f"epoch {len(progress['epochs']) + 1}/{run.recipe.epochs}",
        unit="batch",
        initial=done,
        total=steps,
        leave=False,
        disable=None if is_first_process() else True,
    ) as bar:
        for number in range(done + 1, steps + 1):
            told = {}
            if progress["steps"]:
                told["loss"] = f"{progress['steps'][-1]['loss']:.2f}"
            if compiled := str(programs):
                told["programs"] = compiled
            bar.set_postfix(told, refresh=bool(compiled))
            yield number
            bar.update()


class StepRecorder:
    """Records a step's metrics one step late, so that the device never waits for the host."""

    def __init__(self, run: Run, progress: RunProgress):
        self.run = run
        self.progress = progress
        self.pending: dict[str, jax.Array] | None = None

    def add(self, metrics: dict[str, jax.Array]) -> None:
        """Metrics of the step that is under way."""
        self.flush()
        self.pending = metrics

    def flush(self) -> None:
        """Waits for the step whose metrics are not recorded yet."""
        if self.pending is not None:
            record(self.run, self.progress, self.pending)
            self.pending = None


def is_finite(step: Metrics) -> bool:
    """Whether the step changed the model, and was not skipped."""
    return math.isfinite(step["loss"] + step["grad_norm"])


def skipped_batches(progress: RunProgress) -> int:
    """Of the epoch that is under way, up to the last recorded step."""
    if not (steps := progress["steps"]):
        return 0
    # They count the run's.
    return round(steps[-1]["skipped"] - steps[0]["skipped"]) + (not is_finite(steps[0]))


def too_many_skipped(run: Run, progress: RunProgress) -> bool:
    """Whether the epoch has `max_skipped` of them, or all of its batches were skipped."""
    limit = min(run.config.training.max_skipped, run.recipe.steps_per_epoch)
    return skipped_batches(progress) >= limit


def save(run: Run, state: TrainState, progress: RunProgress) -> None:
    """A checkpoint, which has every array by itself."""
    save_run(run.checkpoints, state_on_host(state, run.step_config), progress)


def device_memory() -> dict[str, float]:
    """The most that was in use at a time, where the backend tells."""
    statistics = jax.local_devices()[0].memory_stats() or {}
    peak = statistics.get("peak_bytes_in_use")
    return {} if peak is None else {"device_memory_gb": peak / 1e9}


def named(group: str, values: Metrics) -> Metrics:
    """As TensorBoard groups curves."""
    return {f"{group}/{name}": value for name, value in values.items()}


def record(run: Run, progress: RunProgress, metrics: dict[str, jax.Array]) -> None:
    """Metrics of the next step that has none yet; the clips of one that is not finite."""
    values = {name: float(value) for name, value in jax.device_get(metrics).items()}
    progress["steps"].append(values)
    step = len(progress["epochs"]) * run.recipe.steps_per_epoch + len(progress["steps"])
    run.add_points(named("train", values), step)
    if is_first_process() and not is_finite(values):
        batching = from_config.batching(run.config, run.config.training.batch_size)
        clips = ", ".join(batch_ids(run.source.train, batching, step - 1))
        with (run.workdir / NOT_FINITE).open("a", encoding="utf-8") as log:
            print(
                f"step {step}: loss {values['loss']}, gradient norm {values['grad_norm']}, "
                f"clips {clips}",
                file=log,
            )


def end_epoch(run: Run, state: TrainState, progress: RunProgress) -> None:
    """Recognise the dev split; keep the model where it is the best so far, or a stage follows."""
    weights = nnx.merge_state(state.params, state.batch_stats)
    if run.step_config.backbone.stacked:
        weights = replicate(from_device(run.step_config, weights), run.mesh)
    network = Network(weights, run.description.config, run.description.preprocessing)

    def logits_of(inputs: jax.Array, num_frames: jax.Array) -> ClipLogits:
        features = run.source.features_of(network, inputs, num_frames)
        return feature_logits(network, features, num_frames)

    batching = from_config.batching(run.config, run.config.evaluation.batch_size)
    batches = evaluation_batches(run.source.dev, batching, dev_order(run), run.mesh)
    batches = until_stopped(run, batches)
    predictions = predict_split(logits_of, batches, run.source.vocabulary, run.mesh)
    metrics = finite_mean(progress["steps"]) | {"skipped": skipped_batches(progress)}
    # Once an epoch: every step would read all parameters for it, in hundreds of kernels.
    metrics["param_norm"] = float(jax.jit(global_norm)(state.params))
    # Of a BiLSTM that is not trained the predictions are those of random weights.
    result = predictions.sequence if trains_bilstm(run.config) else predictions.conv
    rates = {
        "wer": word_error_rate(predictions.references, result).rate,
        "conv_wer": word_error_rate(predictions.references, predictions.conv).rate,
    }
    metrics |= {f"dev_{name}": rate for name, rate in rates.items()}
    points = named("train", {"param_norm": metrics["param_norm"]}) | named("dev", rates)
    run.add_points(points, int(state.step))
    progress["epochs"].append(metrics)
    progress["steps"] = []
    if run.config.training.head_epochs:
        if is_first_process():
            save_checkpoint(run.workdir / BACKBONE, weights, run.description)
    elif is_best(progress["epochs"]):
        timed = evaluation_batches(run.source.timed, batching, timed_order(run), run.mesh)
        timing = measure_timing(
            network, run.source.features_of, until_stopped(run, timed), run.mesh
        )
        description = dataclasses.replace(run.description, timing=timing)
        if is_first_process():
            save_checkpoint(run.workdir / BEST, weights, description)
    if not is_first_process():
        return
    text = json.dumps(progress["epochs"], indent=2)
    write_text_atomically(run.workdir / METRICS, text + "\n")


def dev_order(run: Run) -> Sequence[int]:
    return evaluation_order(run.source.dev.lengths, run.recipe.padding)


def timed_order(run: Run) -> Sequence[int]:
    return timed_clips(evaluation_order(run.source.timed.lengths, run.recipe.padding))


def trains_bilstm(config: ConfigDict) -> bool:
    return bool(config.loss.seq_ctc)


def until_stopped(run: Run, batches: Iterable[EvaluationBatch]) -> Iterator[EvaluationBatch]:
    for batch in batches:
        if run.stop.agreed():
            interrupt(run)
        yield batch


def end_as_not_finite(run: Run, progress: RunProgress) -> None:
    finish_saving(run.checkpoints)
    raise NotFiniteError(
        f"{skipped_batches(progress)} of {len(progress['steps'])} batches of epoch "
        f"{len(progress['epochs']) + 1} had a loss or gradient that is not finite; "
        f"{run.workdir / NOT_FINITE} names their clips. Lower config.optimizer.learning_rate in a "
        "new --workdir, or check the glosses of short clips"
    )


def interrupt(run: Run) -> None:
    """All that is needed to go on is saved already, or on its way."""
    finish_saving(run.checkpoints)
    raise InterruptedRunError("stopped, and saved before: the same command goes on")


def finite_mean(steps: Sequence[Metrics]) -> Metrics:
    """The mean of each metric over the steps that are finite: some are (`too_many_skipped`)."""
    finite = [step for step in steps if is_finite(step)]
    # The last one's names: the first may be of a version that knew more of them.
    return {name: float(np.mean([step[name] for step in finite])) for name in steps[-1]}


def is_best(epochs: Sequence[Metrics]) -> bool:
    """Whether no epoch has a lower dev WER than the last one."""
    return epochs[-1]["dev_wer"] <= min(epoch["dev_wer"] for epoch in epochs)


def speed_line(speed: Metrics) -> str:
    waited = f"{100 * speed['input_wait_share']:.0f} % waiting for input"
    return f"{speed['clips_a_second']:.1f} clips/s ({waited})"


def best_words(run: Run, progress: RunProgress) -> str:
    kept = not run.config.training.head_epochs and is_best(progress["epochs"])
    return "  best so far" if kept else ""


def skipped_words(epoch: Metrics) -> str:
    """How many batches were not finite, where any was."""
    count = round(epoch["skipped"])
    return f"  {count} {'batch' if count == 1 else 'batches'} skipped" if count else ""


def epoch_line(epochs: Sequence[Metrics], config: ConfigDict) -> str:
    last = epochs[-1]
    by_conv = f"(conv {last['dev_conv_wer']:.1f} %)" if trains_bilstm(config) else "by convolutions"
    return (
        f"epoch {len(epochs)}/{config.training.epochs}  loss {last['loss']:.2f}  "
        f"dev WER {last['dev_wer']:.1f} % {by_conv}  learning rate {last['learning_rate']:.1e}"
    )
