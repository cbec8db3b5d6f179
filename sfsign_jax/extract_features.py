"""Features of every clip of a dataset, to train the part after the backbone on, or for other uses.

python -m sfsign_jax.extract_features --checkpoint DIR --config configs/NAME.py --output DIR

An interrupted run goes on where it was when it is started again.
"""

import jax
from absl import flags
from flax import nnx
from ml_collections import ConfigDict

from sfsign_jax.checkpoint import check_frame_size, load_checkpoint
from sfsign_jax.command_line.flags import required_path, run_with_config
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.feature_extraction import extract_features
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.probe import probe_recognition
from sfsign_jax.training import from_config

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "a checkpoint folder")
OUTPUT = flags.DEFINE_string("output", None, "a folder for the features")


def main(config: ConfigDict) -> None:
    checkpoint = required_path("checkpoint", CHECKPOINT.value)
    output = required_path("output", OUTPUT.value)
    if jax.process_count() > 1:
        raise UserError("features are extracted by one process: leave --coordinator out")
    model, description = load_checkpoint(checkpoint)
    dataset = open_dataset(config.data.name, config.data.prepared_dir)
    check_frame_size(description, dataset.name, dataset.frame_size)
    network = Network(nnx.state(model), description.config, description.preprocessing)
    batching = from_config.batching(config, config.evaluation.batch_size)
    extract_features(network, dataset, batching, output)
    clips = sum(map(len, dataset.num_frames.values()))
    print(f"features of {clips} clips of {dataset.name}: {output}")


if __name__ == "__main__":
    run_with_config(main, probe_recognition)
