"""Everything wrong with a file's tensors, in one message."""

from collections.abc import Mapping
from pathlib import Path

from sfsign_jax.errors import UserError
from sfsign_jax.text import printable

SHOWN = 10  # names shown of each kind of problem
SHOWN_CHARACTERS = 200  # of a text that stands in a file


def report_problems(source: str | Path, problems: Mapping[str, list[str]]) -> None:
    """Raise one UserError for all `problems`, kind -> names; the first names of each are shown."""
    parts = [
        f"{len(names)} tensors {kind}: {first_names(names)}"
        for kind, names in problems.items()
        if names
    ]
    if parts:
        raise UserError(f"{source} does not fit the architecture: {'; '.join(parts)}")


def first_names(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(shown, names[:SHOWN])) + more


def shown(text: str) -> str:
    """What stands in a file, for people: one line, not too long."""
    return printable(text[:SHOWN_CHARACTERS])
