"""Features of every clip of a dataset, to train the part after the backbone on, or for other uses.

python -m sfsign_jax.extract_features --checkpoint DIR --config configs/NAME.py --output DIR

An interrupted run goes on where it was when it is started again.
"""

from pathlib import Path

from sfsign_jax.command_line.arguments import CHECKPOINT
from sfsign_jax.command_line.flags import config_parser, parse_with_config, required, start
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError


def main() -> None:
    parser = config_parser("extract_features", __doc__)
    parser.add_argument("--checkpoint", metavar="NAME", help=CHECKPOINT)
    parser.add_argument("--output", metavar="DIR", help="a folder for the features")
    arguments, config = parse_with_config(parser)

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    import jax
    from flax import nnx

    from sfsign_jax.data.catalog import open_dataset
    from sfsign_jax.recognition.feature_extraction import extract_features
    from sfsign_jax.recognition.network import Network
    from sfsign_jax.recognition.probe import probe_recognition
    from sfsign_jax.sharing import open_checkpoint
    from sfsign_jax.training import from_config

    start(arguments, probe_recognition)
    checkpoint, output = required(arguments, "checkpoint"), Path(required(arguments, "output"))
    if jax.process_count() > 1:
        raise UserError("features are extracted by one process: leave --coordinator out")
    model, description = open_checkpoint(checkpoint)
    frame_size = description.preprocessing.frame_size
    dataset = open_dataset(config.data.name, config.data.prepared_dir, frame_size)
    network = Network(nnx.state(model), description.config, description.preprocessing)
    batching = from_config.batching(config, config.evaluation.batch_size)
    extract_features(network, dataset, batching, output)
    clips = sum(map(len, dataset.num_frames.values()))
    print(f"features of {clips} clips of {dataset.name}: {output}")


if __name__ == "__main__":
    run_command_line(main)
