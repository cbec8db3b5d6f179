"""Files: written so that a reader never sees half of one, JSON as its schema says, caches."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sfsign_jax.errors import UserError

MOST_JSON_BYTES = 32 * 2**20  # the largest of ours, an index of 20,000 clips, has 6 MB
T = TypeVar("T")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file to write, which then takes the place of `path`; on failure it is deleted.

    Raises:
      UserError: the folder does not exist or cannot be written.
    """
    path = Path(path)
    # In the same folder, because a rename is atomic only within one file system.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_text_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` to `path` as UTF-8: the file appears whole, or the old one stays.

    Raises:
      UserError: the folder does not exist or cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path, schema: type[T]) -> T:
    """What a JSON file says, as `schema` (a dataclass, `dict[str, int]`, …) has it.

    Raises:
        UserError: the file can't be read, or its keys or values are not those of the schema.
    """
    if not path.is_file():  # a named pipe would be waited for
        raise UserError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            text = file.read(MOST_JSON_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}") from error
    if len(text) > MOST_JSON_BYTES:
        raise UserError(f"{path} has more than {MOST_JSON_BYTES} bytes: it is none of our files")
    try:
        content = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: it is no JSON ({error})") from error
    return as_schema(content, schema, path)


def as_schema(content: Any, schema: type[T], path: Path) -> T:
    """What was read of JSON at `path`, as `schema` has it.

    Raises:
        UserError: keys or values are not those of the schema.
    """
    try:
        value = msgspec.convert(content, schema)
        unknown = flattened(content).keys() - flattened(msgspec.to_builtins(value)).keys()
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UserError(f"{path} has a value that it can't have: {error}") from error
    if unknown:
        raise UserError(f"{path} has a key that nobody knows: {min(unknown)[:80]!r}")
    return value


def cache_folder(name: str) -> Path:
    """Where the package keeps what it can make or fetch again, under XDG_CACHE_HOME or ~/.cache."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return caches / "sfsign_jax" / name


def flattened(fields: Any, prefix: str = "") -> dict[str, Any]:
    """optimizer: {learning_rate: 1} as optimizer.learning_rate: 1."""
    if not isinstance(fields, dict):
        return {prefix.rstrip("."): fields}
    flat: dict[str, Any] = {}
    for key, value in fields.items():
        flat |= flattened(value, f"{prefix}{key}.")
    return flat
