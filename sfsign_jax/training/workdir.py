"""The folder of a run: what defines it is written there, and another run is refused."""

import contextlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from sfsign_jax.configuration import published_config
from sfsign_jax.errors import UserError
from sfsign_jax.files import flattened, read_json, write_text_atomically
from sfsign_jax.runtime.lock import only_process
from sfsign_jax.runtime.mesh import is_first_process
from sfsign_jax.training.fingerprint import Fingerprint, differing_parts, read_fingerprint

CONFIG = "config.json"
DATASET = "dataset.json"
RUN = "run.json"
METRICS = "metrics.json"
BEST = "best"
BACKBONE = "backbone"  # the model at the end of the first of two stages
# What a config is in JSON: settings, and groups of settings.
Setting = bool | int | float | str | list[Any] | None
Settings = dict[str, Setting | dict[str, Setting]]
PACKAGES = ("sfsign-jax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


@contextlib.contextmanager
def own_workdir(workdir: Path, config: ConfigDict, dataset: Fingerprint) -> Iterator[None]:
    """The folder of this run, in which no other process trains until the end.

    Of several processes the first one has it.

    Raises:
        UserError: another process or another run has it, or it can't be written.
    """
    if not is_first_process():
        yield
        return
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{workdir} can't be made: {error.strerror}") from error
    advice = "wait for it, or choose another --workdir"
    with only_process(workdir / ".lock", f"is training in {workdir}", advice):
        write_down(workdir, config, dataset)
        yield


def forgot_dataset(workdir: Path) -> bool:
    """Whether it holds a run of an earlier version, which did not write down its dataset."""
    return (workdir / CONFIG).exists() and not (workdir / DATASET).exists()


def write_down(workdir: Path, config: ConfigDict, dataset: Fingerprint) -> None:
    """What defines the run.

    Raises:
        UserError: another run is there, or the folder can't be written.
    """
    text = config.to_json_best_effort(indent=2) + "\n"
    path = workdir / CONFIG
    if path.exists():
        # What an earlier version did not know yet is off.
        off = flattened(json.loads(published_config().to_json_best_effort()))
        old = off | flattened(read_json(path, Settings))
        new = flattened(json.loads(text))
        differences = [
            f"config.{key} is {old.get(key)!r} there and {new.get(key)!r} now"
            for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)
        ]
        if differences:
            raise UserError(
                f"{workdir} holds another run ({'; '.join(differences)}): "
                "choose another --workdir, or the same config to go on with it"
            )
        if forgot_dataset(workdir):
            dataset = {}
        elif others := differing_parts(read_fingerprint(workdir / DATASET), dataset):
            raise UserError(
                f"{workdir} was trained on another dataset ({'; '.join(others)}): choose another "
                "--workdir, or give back the dataset that it had"
            )
    if dataset:
        write_text_atomically(workdir / DATASET, json.dumps(dataset, indent=2) + "\n")
    write_text_atomically(path, text)
    write_text_atomically(workdir / RUN, json.dumps(circumstances(), indent=2) + "\n")


def circumstances() -> dict[str, Any]:
    """Versions, commit and devices of this start."""
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": commit(),
        "platform": jax.default_backend(),
        "processes": jax.process_count(),
        "devices": [device.device_kind for device in jax.devices()],
    }


def commit() -> str | None:
    """Of the source tree, where it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
