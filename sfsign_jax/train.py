"""Trains a recogniser.

python -m sfsign_jax.train --config configs/NAME.py --workdir DIR [--config.key=value ...]
"""

from pathlib import Path

from absl import flags
from ml_collections import ConfigDict

from sfsign_jax.command_line import required_path, run_with_config
from sfsign_jax.data.catalog import prepared_versions
from sfsign_jax.data.preparation import prepare
from sfsign_jax.devices import cache_compiled_programs
from sfsign_jax.training.loop import train

WORKDIR = flags.DEFINE_string("workdir", None, "a new folder for the run's log and checkpoints")


def main(config: ConfigDict) -> None:
    workdir = required_path("workdir", WORKDIR.value)
    data = config.data
    if data.data_path and not prepared_versions(data.name, data.prepared_dir):
        prepare(data.name, Path(data.prepared_dir), Path(data.data_path))
    cache_compiled_programs()
    train(config, workdir)


if __name__ == "__main__":
    run_with_config(main)
