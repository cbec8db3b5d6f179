"""The glosses of the classes: no released file of weights carries them."""

from pathlib import Path

from sfsign_jax.conversion.unpickling import read_object_array
from sfsign_jax.errors import UserError


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The glosses of classes 1, 2, …: a text file with one a line, or the published gloss_dict.npy.

    Raises:
        UserError: the file is missing or is neither.
    """
    if path.suffix == ".npy":
        return glosses_by_class(read_object_array(path), path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as a text file of glosses: {error}") from error
    for number, line in enumerate(lines, 1):
        if len(line.split()) != 1:
            raise UserError(f"{path}, line {number}: {line!r} is not one gloss")
    return tuple(line.strip() for line in lines)


def glosses_by_class(gloss_dict: object, path: Path) -> tuple[str, ...]:
    """gloss_dict.npy holds gloss -> [class, how often it occurs]."""
    try:
        classes = {int(entry[0]): str(gloss) for gloss, entry in gloss_dict.items()}  # type: ignore
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{path} is no dict of gloss -> [class, count]") from error
    if sorted(classes) != list(range(1, len(gloss_dict) + 1)):  # type: ignore
        raise UserError(f"{path} does not number its glosses 1, 2, 3, … without gaps")
    return tuple(classes[i] for i in range(1, len(classes) + 1))
