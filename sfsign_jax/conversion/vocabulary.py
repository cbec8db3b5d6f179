"""The glosses of the classes: the published files of weights don't carry them."""

from pathlib import Path
from typing import Any

from sfsign_jax.conversion.unpickling import read_object_array
from sfsign_jax.errors import UserError


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The glosses of classes 1, 2, …: a text file with one a line, or the published gloss_dict.npy.

    Raises:
        UserError: the file is missing or is neither.
    """
    if path.suffix == ".npy":
        return checked_vocabulary(glosses_by_class(read_object_array(path), path), path)
    try:
        return checked_vocabulary(path.read_text(encoding="utf-8-sig").splitlines(), path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as a text file of glosses: {error}") from error


def glosses_by_class(gloss_dict: Any, path: Path) -> list[Any]:
    """gloss_dict.npy holds gloss -> [class, how often it occurs]."""
    try:
        classes = {entry[0]: gloss for gloss, entry in gloss_dict.items()}
    except (AttributeError, TypeError, IndexError, KeyError) as error:
        raise UserError(f"{path} is no dict of gloss -> [class, count]") from error
    if set(classes) != set(range(1, len(gloss_dict) + 1)):
        raise UserError(f"{path} does not number its glosses 1, 2, 3, … without gaps")
    return [classes[i] for i in range(1, len(classes) + 1)]


def checked_vocabulary(glosses: Any, path: Path) -> tuple[str, ...]:
    """The glosses as they are.

    Raises:
        UserError: there are none, one is not a word, or one comes twice.
    """
    if not isinstance(glosses, list) or not glosses:
        raise UserError(f"{path} has no glosses")
    lines: dict[str, int] = {}
    for number, gloss in enumerate(glosses, start=1):
        if not isinstance(gloss, str) or len(gloss.split()) != 1:
            raise UserError(f"{path}, line {number}: {gloss!r} is not one gloss")
        if (first := lines.setdefault(gloss.strip(), number)) != number:
            raise UserError(f"{path}, line {number}: {gloss.strip()} is in line {first} already")
    return tuple(lines)
