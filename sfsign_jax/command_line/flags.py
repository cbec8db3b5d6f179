"""What the command lines with a --config share."""

import argparse
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sfsign_jax.command_line.arguments import PLATFORM
from sfsign_jax.errors import UserError

if TYPE_CHECKING:
    from ml_collections import ConfigDict


def config_parser(command: str, description: str) -> argparse.ArgumentParser:
    """The arguments that all of them have."""
    parser = argparse.ArgumentParser(
        prog=f"python -m sfsign_jax.{command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s --config FILE [--config.key=value ...] [options]",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--config",
        metavar="FILE",
        help="a file of configs/, or your own; --config.training.epochs=9 changes a number of it",
    )
    add("--platform", **PLATFORM)
    add(
        "--coordinator",
        metavar="ADDRESS",
        help="of a run of several processes: HOST:PORT of the first one, or 'auto' where SLURM, "
        "Open MPI, Kubernetes or a TPU pod tell",
    )
    add("--num_processes", type=int, metavar="N", help="how many, with --coordinator")
    add("--process_id", type=int, metavar="N", help="which this is, from 0 on")
    return parser


def parse_with_config(
    parser: argparse.ArgumentParser,
) -> tuple[argparse.Namespace, "ConfigDict"]:
    """The command line, and the config with its --config.key=value changes applied.

    Raises:
        UserError: no config, a file that is not there or no config, an unknown key or argument, a
            wrong type, a number out of its bounds.
    """
    arguments, rest = parser.parse_known_args()

    # Not before --help is answered.
    from absl import flags
    from ml_collections import config_flags

    from sfsign_jax.training.bounds import check_numbers

    if not arguments.config:
        raise UserError("no --config given: for example --config configs/demo.py")
    changes = flags.FlagValues()
    config = load_config(Path(arguments.config))
    try:
        config_flags.DEFINE_config_dict("config", config, flag_values=changes, sys_argv=["", *rest])
        left = changes(["", *rest])
    except (KeyError, AttributeError) as error:
        cause = error.args[0] if isinstance(error.args[0], KeyError) else error
        raise UserError(f"the config has no key {one_line(cause.args[0])}") from error
    except (flags.Error, TypeError, ValueError) as error:
        raise UserError(one_line(str(error))) from error
    if len(left) > 1:
        raise UserError(f"unexpected argument {left[1]!r}")
    check_numbers(changes.config)
    return arguments, changes.config


def load_config(path: Path) -> "ConfigDict":
    """What the file's get_config() gives.

    Raises:
        UserError: there is no such file, or it can't be run.
    """
    from ml_collections import ConfigDict

    if not path.is_file():
        raise UserError(f"there is no config file {path}")
    try:
        config = runpy.run_path(str(path))["get_config"]()
    except Exception as error:  # of any kind: the file is a program of the user
        what = f"{type(error).__name__}: {one_line(str(error))}"
        raise UserError(f"{path} is no config, a Python file with get_config() ({what})") from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"{path}: get_config() gives no ConfigDict; start from published_config()")
    return config


def start(arguments: argparse.Namespace, probe: Callable[[], object]) -> None:
    """Join the other processes, where there are any, and choose devices.

    `probe` runs a small network on the devices, the way the command will run its own.

    Raises:
        UserError: the processes can't join, or the platform can't be started.
    """
    from sfsign_jax.runtime import devices

    if arguments.coordinator:
        connect(arguments.coordinator, arguments.num_processes, arguments.process_id)
    devices.start(arguments.platform, probe)


def connect(coordinator: str, num_processes: int | None, process_id: int | None) -> None:
    """Join the other processes of the run.

    Raises:
        UserError: nothing tells who they are, or they can't be reached.
    """
    import jax

    address = None if coordinator == "auto" else coordinator
    try:
        jax.distributed.initialize(address, num_processes, process_id)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--coordinator {coordinator}: the processes can't join ({one_line(str(error))}); give "
            "HOST:PORT of the first one with --num_processes and --process_id"
        ) from error


def one_line(text: str) -> str:
    return " ".join(text.split())


def required(arguments: argparse.Namespace, name: str) -> str:
    """The path or name given as this argument.

    Raises:
        UserError: none is, or arrays can't be read and written there.
    """
    if not (path := getattr(arguments, name)):
        raise UserError(f"no --{name} given")
    if not path.isprintable():  # nor has it bytes that are no UTF-8
        raise UserError(f"--{name} is {path!r}: choose a name of letters that can be printed")
    return path
