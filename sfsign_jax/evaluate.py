"""The word error rate of a checkpoint on a split, of both heads.

python -m sfsign_jax.evaluate --checkpoint DIR --config configs/NAME.py --split dev [--output DIR]

References, predictions (CTM), metrics.json and report.html go to the output folder. The published
setting is --padding reference --batch_size 2.
"""

import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from absl import flags
from flax import nnx
from ml_collections import ConfigDict
from tqdm import tqdm

from sfsign_jax.checkpoint import check_frame_size, load_checkpoint
from sfsign_jax.command_line.flags import required_path, run_with_config
from sfsign_jax.data.batching import EvaluationBatch
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.frame_clips import EvaluationFrames
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import word_error_report, write_results
from sfsign_jax.models.sign_model import for_inference
from sfsign_jax.recognition.network import Network, clip_logits
from sfsign_jax.recognition.probe import probe_recognition
from sfsign_jax.recognition.split import predict_split
from sfsign_jax.runtime.mesh import clip_mesh, describe_mesh, is_first_process, replicate
from sfsign_jax.training import from_config

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "a checkpoint folder")
SPLIT = flags.DEFINE_string("split", "dev", "the split to evaluate")
OUTPUT = flags.DEFINE_string("output", None, "default: evaluation/SPLIT beside the checkpoint")
BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "clips at a time; default: config.evaluation.batch_size", lower_bound=1
)
PADDING: flags.FlagHolder[Any] = flags.DEFINE_enum(
    "padding", "masked", ["masked", "reference"], "how batches are filled"
)


def main(config: ConfigDict) -> None:
    checkpoint = required_path("checkpoint", CHECKPOINT.value)
    output = Path(OUTPUT.value or checkpoint.absolute().parent / "evaluation" / SPLIT.value)
    model, description = load_checkpoint(checkpoint)
    model = for_inference(model)
    dataset = open_dataset(config.data.name, config.data.prepared_dir)
    if description.vocabulary is not None and description.vocabulary != dataset.vocabulary:
        raise UserError(
            f"{CHECKPOINT.value} has another vocabulary ({len(description.vocabulary)} glosses) "
            f"than {dataset.name} ({len(dataset.vocabulary)}): evaluate it on the data it was "
            "trained on"
        )
    check_frame_size(description, dataset.name, dataset.frame_size)
    if SPLIT.value not in dataset.splits:
        raise UserError(
            f"{dataset.name} has no split {SPLIT.value!r}, only {', '.join(dataset.splits)}"
        )
    clips = EvaluationFrames(dataset, SPLIT.value)
    order = evaluation_order(clips.lengths, PADDING.value)
    batching = from_config.batching(config, BATCH_SIZE.value or config.evaluation.batch_size)
    mesh = clip_mesh(batching.batch_size)
    if is_first_process():
        print(f"evaluating on {describe_mesh(mesh)}", file=sys.stderr)
    batches = evaluation_batches(clips, batching, order, mesh)
    network = Network(nnx.state(model), model.config, description.preprocessing)
    logits_of = functools.partial(clip_logits, replicate(network, mesh), padding=PADDING.value)
    batches = with_progress(batches, clips.lengths)
    predictions = predict_split(logits_of, batches, dataset.vocabulary, mesh)
    if not is_first_process():
        return
    errors = write_results(
        output,
        {
            "dataset": dataset.name,
            "split": SPLIT.value,
            "padding": PADDING.value,
            "checkpoint": checkpoint.absolute().name,
        },
        predictions.references,
        {"BiLSTM": predictions.sequence, "conv": predictions.conv},
        predictions.signers,
    )
    for head, counts in errors.items():
        print(f"{dataset.name} {SPLIT.value}, {head} head")
        print(word_error_report(counts))
    print(f"predictions, metrics and report.html: {output}")


def with_progress(
    batches: Iterable[EvaluationBatch], lengths: Sequence[int]
) -> Iterator[EvaluationBatch]:
    """The batches, and how many of all frames they make up: clips are longest first."""
    with tqdm(
        total=sum(lengths), unit="frame", unit_scale=True, leave=False, disable=None
    ) as progress:
        for batch in batches:
            yield batch
            progress.update(sum(lengths[i] for i in batch.numbers))


if __name__ == "__main__":
    run_with_config(main, probe_recognition)
