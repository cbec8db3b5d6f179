"""The word error rate of a checkpoint on a split, of both heads.

python -m sfsign_jax.evaluate --checkpoint DIR --config configs/NAME.py --split dev [--output DIR]

References, predictions (CTM), metrics.json and report.html go to the output folder. The published
setting is --padding reference --batch_size 2.
"""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from absl import flags
from flax import nnx
from ml_collections import ConfigDict
from tqdm import tqdm

from sfsign_jax.checkpoint import check_frame_size, load_checkpoint
from sfsign_jax.command_line import required_path, run_with_config
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.evaluation_batches import ClipBatch, evaluation_batches, evaluation_order
from sfsign_jax.devices import cache_compiled_programs
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import word_error_report, write_results
from sfsign_jax.inference import clip_logits, predict_split

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
    cache_compiled_programs()
    model, description = load_checkpoint(checkpoint)
    dataset = open_dataset(config.data.name, config.data.prepared_dir)
    if description.vocabulary is not None and description.vocabulary != dataset.vocabulary:
        raise UserError(
            f"{CHECKPOINT.value} has another vocabulary ({len(description.vocabulary)} glosses) "
            f"than {dataset.name} ({len(dataset.vocabulary)}): evaluate it on the data it was "
            "trained on"
        )
    check_frame_size(description, dataset)
    if SPLIT.value not in dataset.splits:
        raise UserError(
            f"{dataset.name} has no split {SPLIT.value!r}, only {', '.join(dataset.splits)}"
        )
    config.evaluation.batch_size = BATCH_SIZE.value or config.evaluation.batch_size
    lengths = dataset.num_frames[SPLIT.value]
    order = evaluation_order(lengths, PADDING.value)
    batches = evaluation_batches(dataset, SPLIT.value, config, order)
    network = functools.partial(
        clip_logits,
        nnx.state(model),
        config=description.config,
        preprocessing=description.preprocessing,
        padding=PADDING.value,
    )
    predictions = predict_split(network, with_progress(batches, sum(lengths)), dataset.vocabulary)
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


def with_progress(batches: Iterable[ClipBatch], num_frames: int) -> Iterator[ClipBatch]:
    """The batches, and how many of all frames they make up: clips are longest first."""
    with tqdm(
        total=num_frames, unit="frame", unit_scale=True, leave=False, disable=None
    ) as progress:
        for batch in batches:
            yield batch
            progress.update(int(batch.num_frames[: len(batch.ids)].sum()))


if __name__ == "__main__":
    run_with_config(main)
