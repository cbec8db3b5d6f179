"""Trains a recogniser.

python -m sfsign_jax.train --config configs/NAME.py --workdir DIR [--config.key=value ...]

The same command goes on with a run that was killed. On SIGTERM a run saves and ends with status 75.
"""

import sys
from pathlib import Path

from absl import flags, logging
from ml_collections import ConfigDict

from sfsign_jax.command_line.flags import required_path, run_with_config
from sfsign_jax.data.catalog import prepared_versions
from sfsign_jax.data.preparation import prepare
from sfsign_jax.training.loop import train
from sfsign_jax.training.probe import probe_training
from sfsign_jax.training.stopping import INTERRUPTED_STATUS, InterruptedRunError, NotFiniteError

WORKDIR = flags.DEFINE_string(
    "workdir", None, "the folder of the run: a new one, or of the run to go on with"
)


def main(config: ConfigDict) -> None:
    logging.set_verbosity(logging.FATAL)  # Orbax also logs what it raises
    workdir = required_path("workdir", WORKDIR.value)
    data = config.data
    if data.data_path and not prepared_versions(data.name, data.prepared_dir):
        prepare(data.name, Path(data.prepared_dir), Path(data.data_path))
    try:
        train(config, workdir)
    except InterruptedRunError as error:
        print(error, file=sys.stderr)
        sys.exit(INTERRUPTED_STATUS)
    except NotFiniteError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run_with_config(main, probe_training)
