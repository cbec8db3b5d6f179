"""What belongs to a checkpoint that travels, and how much it may be."""

import shutil
from pathlib import Path

from sfsign_jax.checkpoint import ARRAYS, CHECKSUMS, DESCRIPTION
from sfsign_jax.errors import UserError

MOST_BYTES = 2 * 2**30  # the published network has an eighth of it
PARTS = [DESCRIPTION, CHECKSUMS, f"{ARRAYS}/*"]  # as patterns, whose * takes folders too


def is_part(path: str) -> bool:
    """Whether the file of that path in a repository or a zip file is one of the checkpoint."""
    return path in (DESCRIPTION, CHECKSUMS) or path.startswith(f"{ARRAYS}/")


def check_size(name: str, size: int, folder: Path) -> None:
    """Raises UserError where so many bytes are too many for a checkpoint, or for the disk.

    `folder` is where they will be, and need not be there yet.
    """
    if size > MOST_BYTES:
        raise UserError(
            f"{name} is refused: it has {size / 1e6:,.0f} MB, and no checkpoint has more than "
            f"{MOST_BYTES / 1e6:,.0f}"
        )
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if size > (free := shutil.disk_usage(existing).free):
        raise UserError(
            f"{name} has {size / 1e6:,.0f} MB, and {folder} has room for {free / 1e6:,.0f}: make "
            "room, or choose another disk with XDG_CACHE_HOME"
        )
