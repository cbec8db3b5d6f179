"""The programs that a run will need, in that order: calls with shapes in place of arrays."""

import functools
import itertools
from collections.abc import Iterable, Sequence

import jax
import numpy as np
from jax.sharding import Mesh

from sfsign_jax.data.batching import Batching, ordered_batches
from sfsign_jax.data.evaluation_batches import EvaluationClips
from sfsign_jax.data.training_batches import TrainingClips, planned_batch
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import abstract_model
from sfsign_jax.recognition.network import Network, frame_features
from sfsign_jax.runtime.ahead import Call
from sfsign_jax.runtime.mesh import CLIPS, round_up_to_devices, sharding
from sfsign_jax.training.optimizer import Recipe
from sfsign_jax.training.state import TrainState
from sfsign_jax.training.step import train_step

INPUTS = ("frames", "features")  # of a batch: what is filled up to the bucket


def step_calls(
    state: TrainState,
    batch: dict[str, jax.Array],
    clips: TrainingClips,
    batching: Batching,
    config: ModelConfig,
    recipe: Recipe,
) -> list[Call]:
    """Training steps on batches such as `batch`, for every bucket of an epoch from `state` on."""
    first = int(state.step)
    stop = min(first + recipe.steps_per_epoch, recipe.epochs * recipe.steps_per_epoch)
    buckets = dict.fromkeys(
        planned_batch(clips, batching, number)[1].bucket for number in range(first, stop)
    )
    calls = []
    for bucket in buckets:
        name = f"a training step on {batching.batch_size} clips of up to {bucket} frames"
        filled_up = {
            key: as_shape(x, bucket if key in INPUTS else None) for key, x in batch.items()
        }
        arguments = (jax.tree.map(as_shape, state), filled_up)
        calls.append(Call(name, train_step, arguments, {"config": config, "recipe": recipe}))
    return calls


def as_shape(x: jax.Array, bucket: int | None = None) -> jax.ShapeDtypeStruct:
    """The shape of an array; with a bucket for its second axis, where one is given."""
    shape = x.shape if bucket is None else (x.shape[0], bucket, *x.shape[2:])
    return jax.ShapeDtypeStruct(shape, x.dtype, sharding=x.sharding)


def evaluation_calls(
    splits: Iterable[tuple[EvaluationClips, Sequence[int]]],
    batching: Batching,
    config: ModelConfig,
    preprocessing: Preprocessing,
    padding: str,
    dtype: np.dtype,
    mesh: Mesh,
) -> list[Call]:
    """The backbone, with weights of `dtype`, over batches of frames: every bucket of the clips with
    these numbers, in this order."""
    plans = (
        ordered_batches(order, clips.lengths, batching.buckets, batching.batch_size)
        for clips, order in splits
    )
    buckets = dict.fromkeys(planned.bucket for planned in itertools.chain(*plans))
    rows = round_up_to_devices(batching.batch_size, mesh)
    place = functools.partial(jax.ShapeDtypeStruct, sharding=sharding(mesh, CLIPS))
    num_frames = place((rows,), np.int32)
    weights = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, dtype, sharding=sharding(mesh)),
        abstract_model(config)[1],
    )
    network = Network(weights, config, preprocessing)
    calls = []
    for bucket in buckets:
        frames = place((rows, bucket, *preprocessing.frame_size, 3), np.uint8)
        name = f"an evaluation of {rows} clips of up to {bucket} frames"
        static = {"padding": padding, "dtype": "float32"}
        calls.append(Call(name, frame_features, (network, frames, num_frames), static))
    return calls
