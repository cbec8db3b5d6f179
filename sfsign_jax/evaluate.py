"""The word error rate of a checkpoint on a split, of both heads.

python -m sfsign_jax.evaluate --checkpoint DIR --config configs/NAME.py --split dev [--output DIR]

References, predictions (CTM), metrics.json and report.html go to the output folder. The published
setting is --padding reference --batch_size 2.
"""

import argparse
import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sfsign_jax.command_line.arguments import CHECKPOINT, whole
from sfsign_jax.command_line.flags import config_parser, parse_with_config, required, start
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.batching import EvaluationBatch
from sfsign_jax.errors import UserError

if TYPE_CHECKING:
    from ml_collections import ConfigDict


def main() -> None:
    parser = config_parser("evaluate", __doc__)
    add = parser.add_argument
    add("--checkpoint", metavar="NAME", help=CHECKPOINT)
    add("--split", default="dev", help="the split to evaluate; default: dev")
    add("--output", metavar="DIR", help="default: evaluation/SPLIT beside the checkpoint")
    add(
        "--batch_size",
        type=whole,
        metavar="N",
        help="clips at a time; default: config.evaluation.batch_size",
    )
    add(
        "--padding",
        default="masked",
        choices=("masked", "reference"),
        help="how batches are filled",
    )
    evaluate(*parse_with_config(parser))


def evaluate(arguments: argparse.Namespace, config: "ConfigDict") -> None:
    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from flax import nnx

    from sfsign_jax.checkpoint import check_vocabulary, fingerprint
    from sfsign_jax.data.catalog import open_dataset
    from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
    from sfsign_jax.data.frame_clips import EvaluationFrames
    from sfsign_jax.evaluation import word_error_report, write_results
    from sfsign_jax.models.sign_model import for_inference
    from sfsign_jax.recognition.network import Network, clip_logits
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.recognition.split import predict_split
    from sfsign_jax.runtime.mesh import clip_mesh, describe_mesh, is_first_process, replicate
    from sfsign_jax.sharing import is_fetched, open_checkpoint
    from sfsign_jax.training import from_config

    start(arguments, probe_recognition)
    checkpoint, split = required(arguments, "checkpoint"), arguments.split
    if is_fetched(checkpoint) and not arguments.output:
        raise UserError(f"{checkpoint} is on the web: give a folder for the results with --output")
    folder = Path(checkpoint).absolute()
    output = Path(arguments.output or folder.parent / "evaluation" / split)
    model, description = open_checkpoint(checkpoint)
    weights = fingerprint(nnx.state(model))
    model = for_inference(model)
    frame_size = description.preprocessing.frame_size
    dataset = open_dataset(config.data.name, config.data.prepared_dir, frame_size)
    check_vocabulary(description, dataset.name, dataset.vocabulary)
    clips = EvaluationFrames(dataset, split)
    order = evaluation_order(clips.lengths, arguments.padding)
    batching = from_config.batching(config, arguments.batch_size or config.evaluation.batch_size)
    mesh = clip_mesh(batching.batch_size)
    if is_first_process():
        print(f"evaluating on {describe_mesh(mesh)}", file=sys.stderr)
    batches = evaluation_batches(clips, batching, order, mesh)
    network = Network(nnx.state(model), model.config, description.preprocessing)
    logits_of = functools.partial(clip_logits, replicate(network, mesh), padding=arguments.padding)
    batches = with_progress(batches, clips.lengths)
    predictions = predict_split(logits_of, batches, dataset.vocabulary, mesh)
    if not is_first_process():
        return
    errors = write_results(
        output,
        {
            "dataset": dataset.name,
            "split": split,
            "padding": arguments.padding,
            "checkpoint": checkpoint if is_fetched(checkpoint) else folder.name,
            "fingerprint": weights,
        },
        predictions.references,
        {"BiLSTM": predictions.sequence, "conv": predictions.conv},
        predictions.signers,
    )
    for head, counts in errors.items():
        print(f"{dataset.name} {split}, {head} head")
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
    run_command_line(main)
