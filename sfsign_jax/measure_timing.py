"""Measures how early a checkpoint's network says its signs, so that they are put where they are.

python -m sfsign_jax.measure_timing --checkpoint DIR --config configs/NAME.py

For checkpoints without `timing`: converted weights, and those of earlier versions. It is measured
on clips of train of the dataset that they were trained on, and written into their model.json.
"""

from pathlib import Path

from sfsign_jax.command_line.flags import config_parser, parse_with_config, required, start
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError


def main() -> None:
    parser = config_parser("measure_timing", __doc__)
    parser.add_argument("--checkpoint", metavar="DIR", help="a checkpoint folder")
    arguments, config = parse_with_config(parser)

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from flax import nnx
    from tqdm import tqdm

    from sfsign_jax.checkpoint import (
        check_vocabulary,
        load_checkpoint,
        save_timing,
    )
    from sfsign_jax.data.catalog import open_dataset
    from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
    from sfsign_jax.data.frame_clips import EvaluationFrames
    from sfsign_jax.models.sign_model import for_inference
    from sfsign_jax.recognition.network import Network, frame_features
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.recognition.timing import measure_timing, timed_clips
    from sfsign_jax.runtime.mesh import clip_mesh, is_first_process, replicate
    from sfsign_jax.sharing import is_fetched
    from sfsign_jax.training import from_config

    start(arguments, probe_recognition)
    checkpoint = required(arguments, "checkpoint")
    if is_fetched(checkpoint):
        raise UserError(f"{checkpoint} is on the web, and its timing is written into its folder")
    model, description = load_checkpoint(Path(checkpoint))
    model = for_inference(model)
    frame_size = description.preprocessing.frame_size
    dataset = open_dataset(config.data.name, config.data.prepared_dir, frame_size)
    check_vocabulary(description, dataset.name, dataset.vocabulary)
    clips = EvaluationFrames(dataset, "train")
    chosen = timed_clips(evaluation_order(clips.lengths, "masked"))
    batching = from_config.batching(config, config.evaluation.batch_size)
    mesh = clip_mesh(batching.batch_size)
    batches = tqdm(
        evaluation_batches(clips, batching, chosen, mesh),
        total=-(-len(chosen) // batching.batch_size),
        unit="batch",
        leave=False,
        disable=None,
    )
    network = Network(nnx.state(model), model.config, description.preprocessing)
    timing = measure_timing(replicate(network, mesh), frame_features, batches, mesh)
    where = f"{len(chosen)} clips of {dataset.name} train"
    if timing is None:
        raise UserError(
            f"{checkpoint} sees two signs in none of {where}, so its timing can't be measured: is "
            "it trained?"
        )
    if is_first_process():
        save_timing(Path(checkpoint), timing)
        sequence_lag = timing.sequence_lag
        bilstm = "none, it keeps no time" if sequence_lag is None else f"{sequence_lag:.1f}"
        print(
            f"{checkpoint}: lag of the convolutions {timing.conv_lag:.1f} frames, of the BiLSTM "
            f"{bilstm}, pace {timing.pace:.1f}, by {where}"
        )


if __name__ == "__main__":
    run_command_line(main)
