"""From a trained network and a dataset to features on disk (see data.features)."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array
from tqdm import tqdm

from sfsign_jax.checkpoint import fingerprint
from sfsign_jax.data.batching import Batching, EvaluationBatch
from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.features import INDEX, clip_file
from sfsign_jax.data.frame_clips import EvaluationFrames, glosses_of, reference
from sfsign_jax.files import read_json, replacing, write_text_atomically
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import left_padding, num_steps, video_length
from sfsign_jax.recognition.network import (
    Network,
    clip_steps,
    frame_features,
    pipelined,
    sequence_logits,
    temporal_steps,
)
from sfsign_jax.recognition.started import STARTED, start_folder
from sfsign_jax.runtime.mesh import clip_mesh, replicate, shard_batch, use_mesh


def extract_features(
    network: Network,
    dataset: Dataset,
    batching: Batching,
    folder: Path,
) -> None:
    """Features of every clip of every split; clips that `folder` has already are left as they are.

    Raises:
        UserError: `folder` has features of another checkpoint or dataset, or can't be written.
    """
    start_folder(folder, {"dataset": dataset.name, "checkpoint": fingerprint(network.state)})
    mesh = clip_mesh(batching.batch_size)
    on_devices = replicate(network, mesh)

    def run(batch: EvaluationBatch) -> tuple[EvaluationBatch, tuple[Array, Array]]:
        frames, num_frames = shard_batch((batch.inputs, batch.num_frames), mesh)
        with use_mesh(mesh):
            features = frame_features(on_devices, frames, num_frames)
            count = clip_steps(on_devices, num_frames)
            steps = temporal_steps(on_devices, features, count).steps
            _, step_features = sequence_logits(on_devices, steps, count)
        return batch._replace(inputs=batch.inputs[:0]), (features, step_features)

    for split, lengths in dataset.num_frames.items():
        (folder / split).mkdir(exist_ok=True)
        order = evaluation_order(lengths, "masked")
        missing = [i for i in order if not clip_file(folder, split, i).exists()]
        batches = evaluation_batches(EvaluationFrames(dataset, split), batching, missing, mesh)
        with tqdm(total=len(lengths), desc=split, unit="clip", disable=None) as progress:
            progress.update(len(lengths) - len(missing))
            for batch, features in pipelined(map(run, batches)):
                save_batch(folder / split, batch, jax.device_get(features), network.config)
                progress.update(len(batch.ids))
    write_index(folder, network.config, dataset)


def save_batch(
    folder: Path,
    batch: EvaluationBatch,
    features: tuple[np.ndarray, np.ndarray],
    config: ModelConfig,
) -> None:
    stack = config.temporal_stack
    for number, n, frames, steps in zip(batch.numbers, batch.num_frames, *features, strict=False):
        rows = video_length(int(n), stack)
        with replacing(folder / f"{number:06d}.npz") as path, path.open("wb") as file:
            np.savez(
                file,
                frame_features=frames[:rows],
                step_features=steps[: num_steps(rows, stack)],
                first_frame=left_padding(stack),
                num_frames=n,
            )


def write_index(folder: Path, config: ModelConfig, dataset: Dataset) -> None:
    splits: dict[str, list[dict[str, Any]]] = {}
    for split, records in dataset.splits.items():
        splits[split] = []
        for record, n in zip(records, dataset.num_frames[split], strict=True):
            splits[split].append(
                {
                    "id": record["id"].decode(),
                    "signer": record["signer"].decode(),
                    "glosses": glosses_of(record),
                    "reference": reference(dataset, split, record),
                    "num_frames": n,
                    "rows": video_length(n, config.temporal_stack),
                }
            )
    origin = read_json(folder / STARTED, dict[str, str])
    index = {**origin, "vocabulary": dataset.vocabulary, "splits": splits}
    write_text_atomically(folder / INDEX, json.dumps(index, ensure_ascii=False) + "\n")
