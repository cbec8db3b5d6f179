"""How large and how long a visitor's video may be."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from sfsign_jax.data.frames import Frame
from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.videos import Video
from sfsign_jax.errors import UserError


class Limits(NamedTuple):
    megabytes: float
    minutes: float
    total_megabytes: float  # of all uploads that are on the disk at a time
    megapixels: float = MAX_PIXELS / 1e6  # of a frame


def admitted(
    opened: Video, video: Path, minutes: float, seen: Callable[[int], object]
) -> Iterator[Frame]:
    """The frames of a video that is not too long; `seen` is told the number of each.

    Raises:
        UserError: it is too long.
    """
    most = minutes * 60 * (opened.rate or 1)
    too_long = UserError(
        f"{video.name} is longer than the limit of {minutes:g} minutes: cut it into shorter videos"
    )
    # A header may not tell the length, or a wrong one.
    if (opened.expected_frames or 0) > most:
        raise too_long
    for number, frame in enumerate(opened.frames, 1):
        if number > most:
            raise too_long
        seen(number)
        yield frame
