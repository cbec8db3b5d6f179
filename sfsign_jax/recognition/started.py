"""Folders that are filled part by part, and go on with what they were begun with, or not at all."""

import json
import zlib
from pathlib import Path

import numpy as np
from flax import nnx

from sfsign_jax.errors import UserError
from sfsign_jax.files import read_json, write_text_atomically

STARTED = "started.json"


def start_folder(folder: Path, origin: dict[str, str]) -> None:
    """Make the folder, or find it begun with the same checkpoint, dataset and so on.

    Raises:
        UserError: it was begun with another, or holds something else.
    """
    started = folder / STARTED
    if started.exists():
        found = read_json(started, dict[str, str])
        others = [name for name in origin | found if found.get(name) != origin.get(name)]
        if others:
            raise UserError(
                f"{folder} was begun with another {' and '.join(others)}: choose another --output"
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} holds something else: choose another --output")
    folder.mkdir(parents=True, exist_ok=True)
    write_text_atomically(started, json.dumps(origin) + "\n")


def fingerprint(state: nnx.State) -> str:
    """A number that tells the arrays of two checkpoints apart."""
    checksum = 0
    for _, variable in sorted(nnx.to_flat_state(state), key=lambda item: str(item[0])):
        checksum = zlib.crc32(np.asarray(variable[...]).tobytes(), checksum)
    return f"{checksum:08x}"
