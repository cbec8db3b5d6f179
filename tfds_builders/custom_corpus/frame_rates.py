"""The frame rate of recordings, whose frames are taken one by one."""

import statistics
from collections.abc import Iterable
from pathlib import Path

from sfsign_jax.data.remarks import remark
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError

SAME = 1.02  # times the slowest: what telephones call 30 frames a second are 29.5 to 30


def common_rate(recordings: Iterable[Path], max_pixels: int) -> float | None:
    """Frames a second of all recordings; None where they differ, or are folders of images."""
    rates: dict[Path, float] = {}
    for path in recordings:
        try:
            rate = open_video(path, None, max_pixels).rate
        except UserError:
            continue  # it is refused where its frames are read
        if rate is None:
            return None
        rates[path] = rate
    if not rates:
        return None
    slowest, fastest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    if rates[fastest] > SAME * rates[slowest]:
        remark(
            f"{slowest} has {rates[slowest]:.4g} frames a second, {fastest} {rates[fastest]:.4g}: "
            "signs look faster in one than in the other; record, or convert, all at one rate"
        )
        return None
    return round(statistics.median(rates.values()), 3)
