"""What the command lines with a --config share."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from absl import flags
from ml_collections import ConfigDict, config_flags

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.runtime import devices

PLATFORM: flags.FlagHolder[Any] = flags.DEFINE_enum(
    "platform", "auto", devices.PLATFORMS, "what computes"
)
COORDINATOR = flags.DEFINE_string(
    "coordinator",
    None,
    "of a run of several processes: HOST:PORT of the first one, or 'auto' where SLURM, Open MPI, "
    "Kubernetes or a TPU pod tell",
)
NUM_PROCESSES = flags.DEFINE_integer("num_processes", None, "how many, with --coordinator")
PROCESS_ID = flags.DEFINE_integer("process_id", None, "which this is, from 0 on")


def run_with_config(main: Callable[[ConfigDict], None], probe: Callable[[], object]) -> None:
    """Parse the command line, choose devices, run `main`; mistakes end with status 2.

    `probe` runs a small network on the devices, the way `main` will run its own.
    """
    config_flags.DEFINE_config_file("config", None, "a file of configs/", lock_config=True)

    def parse_and_run() -> None:
        config = parse(sys.argv)
        if COORDINATOR.value:
            connect(COORDINATOR.value)
        devices.start(PLATFORM.value, probe)
        main(config)

    run_command_line(parse_and_run)


def parse(arguments: list[str]) -> ConfigDict:
    """The config with its --config.key=value changes applied.

    Raises:
        UserError: no config, a file that is not there, an unknown key or flag, a wrong type.
    """
    try:
        rest = flags.FLAGS(arguments)
    except (KeyError, AttributeError) as error:
        cause = error.args[0] if isinstance(error.args[0], KeyError) else error
        raise UserError(f"the config has no key {one_line(cause.args[0])}") from error
    except (flags.Error, TypeError, ValueError) as error:
        raise UserError(one_line(str(error))) from error
    if len(rest) > 1:
        raise UserError(f"unexpected argument {rest[1]!r}")
    if flags.FLAGS.config is None:
        raise UserError("no --config given: for example --config configs/demo.py")
    file = config_flags.get_config_filename(flags.FLAGS["config"])
    if not Path(file).is_file():
        raise UserError(f"there is no config file {file}")
    if not isinstance(flags.FLAGS.config, ConfigDict):  # its errors come when it is read
        raise UserError(f"{file} can't be loaded: it must define get_config()")
    return flags.FLAGS.config


def connect(coordinator: str) -> None:
    """Join the other processes of the run.

    Raises:
        UserError: nothing tells who they are, or they can't be reached.
    """
    address = None if coordinator == "auto" else coordinator
    try:
        jax.distributed.initialize(address, NUM_PROCESSES.value, PROCESS_ID.value)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--coordinator {coordinator}: the processes can't join ({one_line(str(error))}); give "
            "HOST:PORT of the first one with --num_processes and --process_id"
        ) from error


def one_line(text: str) -> str:
    return " ".join(text.split())


def required_path(name: str, value: str | None) -> Path:
    if not value:
        raise UserError(f"no --{name} given")
    return Path(value)
