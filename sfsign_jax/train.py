"""Trains a recogniser.

python -m sfsign_jax.train --config configs/NAME.py --workdir DIR [--config.key=value ...]
python -m sfsign_jax.train --config configs/demo.py --workdir demo/run --config.training.epochs=9

The same command goes on with a run that was killed. On SIGTERM and on Ctrl-C a run saves and ends
with status 75.
"""

import sys
from pathlib import Path

from sfsign_jax.command_line.flags import config_parser, parse_with_config, required, start
from sfsign_jax.command_line.run import run_command_line


def main() -> None:
    parser = config_parser("train", __doc__)
    help_text = "the folder of the run: a new one, or of the run to go on with"
    parser.add_argument("--workdir", metavar="DIR", help=help_text)
    arguments, config = parse_with_config(parser)

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from absl import logging

    from sfsign_jax.data.catalog import prepared_versions
    from sfsign_jax.data.preparation import prepare
    from sfsign_jax.summary import summarise
    from sfsign_jax.training.loop import train
    from sfsign_jax.training.probe import probe_training
    from sfsign_jax.training.staged import train_in_stages
    from sfsign_jax.training.stopping import (
        INTERRUPTED_STATUS,
        InterruptedRunError,
        NotFiniteError,
    )

    start(arguments, probe_training)
    logging.set_verbosity(logging.FATAL)  # Orbax also logs what it raises
    workdir = Path(required(arguments, "workdir"))
    data = config.data
    if data.data_path and not prepared_versions(data.name, data.prepared_dir):
        prepared = prepare(data.name, Path(data.prepared_dir), Path(data.data_path))
        print(*summarise(prepared), sep="\n")
    try:
        (train_in_stages if config.training.head_epochs else train)(config, workdir)
    except InterruptedRunError as error:
        print(error, file=sys.stderr)
        sys.exit(INTERRUPTED_STATUS)
    except NotFiniteError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run_command_line(main)
