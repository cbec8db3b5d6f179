"""A zip file from anybody, to a folder: the files of one checkpoint and nothing else."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sfsign_jax.checkpoint import DESCRIPTION
from sfsign_jax.errors import UserError
from sfsign_jax.sharing.parts import check_size, is_part


def unpack(archive: Path, folder: Path, name: str) -> None:
    """Write the checkpoint in `archive` to `folder`; messages call it `name`.

    No file is written that is longer than the zip file says, which is checked before.

    Raises:
        UserError: it is no zip file, or a damaged one, or not of one checkpoint.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            parts = checkpoint_parts(file.infolist(), name)
            check_size(name, sum(info.file_size for info in parts.values()), archive.parent)
            for part, info in parts.items():
                path = folder / part
                path.parent.mkdir(parents=True, exist_ok=True)
                with file.open(info) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{name} is no zip file, or a damaged one ({error}); a model on the hub is "
            "hf://owner/name"
        ) from error


def checkpoint_parts(
    members: Sequence[zipfile.ZipInfo], name: str
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files of the one checkpoint, which may lie in a folder, by their paths in it.

    Raises:
        UserError: there is none, or several, or a member is none that a zip file should have.
    """
    files = {PurePosixPath(info.filename): info for info in members if not info.is_dir()}
    for path, info in files.items():
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(info.external_attr >> 16):
            raise UserError(f"{name} is refused: {str(path)!r} in it leads elsewhere")
    found = [path for path in files if path.name == DESCRIPTION]
    if len(found) != 1:
        several = f"several ({', '.join(map(str, found[:3]))})" if found else "none"
        raise UserError(
            f"{name} is no zip file of one checkpoint: of {DESCRIPTION} it has {several}"
        )
    root = found[0].parent
    parts = {path.relative_to(root): info for path, info in files.items() if root in path.parents}
    return {path: info for path, info in parts.items() if is_part(path.as_posix())}
