"""Where the video of an ELAN file is."""

import os
from pathlib import Path, PurePosixPath

from sfsign_jax.data.elan import Eaf, videos
from sfsign_jax.errors import UserError
from tfds_builders.annotations import clip_path


def video_of(eaf: Eaf, root: Path, *, allow_outside: bool) -> tuple[Path, int]:
    """The first video that the file links, and its milliseconds at the file's time 0.

    It is looked for as ELAN does: where the file is relative to it, where it was on the machine of
    whoever annotated it, and beside the file.

    Raises:
        UserError: no video is linked, it is not there, or (`allow_outside`: else) not below `root`.
    """
    media = [medium for medium in videos(eaf) if medium.names]
    if not media:
        raise UserError(f"{eaf.path} links no video: link it in ELAN (Edit, Linked Files)")
    names = media[0].names
    folder = eaf.path.absolute().parent
    beside = [PurePosixPath(name).name for name in names]
    looked_for = dict.fromkeys(folder / name for name in (*names, *beside) if name)
    found = [
        path
        for name in looked_for
        if is_file(path := clip_path(root, str(name), str(eaf.path), allow_outside=True))
    ]
    if not found:
        raise UserError(f"{eaf.path}: there is no video {beside[0]!r}: put it beside the file")
    if allow_outside:
        return found[0], media[0].origin
    for path in found:
        try:
            return clip_path(root, str(path), str(eaf.path)), media[0].origin
        except UserError as error:
            refused = error
    raise refused


def is_file(path: Path) -> bool:
    """Unlike the method, no error for a name too long for any file."""
    return os.path.isfile(path)  # noqa: PTH113
