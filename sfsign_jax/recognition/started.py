"""Folders that are filled part by part, and go on with what they were begun with, or not at all."""

import json
from pathlib import Path

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
