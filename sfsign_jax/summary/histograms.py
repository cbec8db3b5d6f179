"""How often there is what, in bars."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sfsign_jax.summary.scored import Clips, gloss_counts

MOST_BARS = 12


class Bar(NamedTuple):
    """`name` is 20–29 or 7; `number` how many values are so."""

    name: str
    number: int


class Histogram(NamedTuple):
    title: str
    of: str  # what the names of the bars count
    counted: str  # what is so
    bars: Sequence[Bar]


def histograms(clips: Clips) -> list[Histogram]:
    """Lengths of clips and of sentences in every split, and how often train has its glosses."""
    longest = max(clip.num_frames for own in clips.values() for clip in own)
    width = next(width for width in widths() if longest // width < MOST_BARS)
    return [
        *(
            Histogram(
                f"Length of clips, {split}",
                "frames",
                "clips",
                equal_bars([clip.num_frames for clip in own], width),
            )
            for split, own in clips.items()
        ),
        *(
            Histogram(
                f"Length of sentences, {split}",
                "glosses",
                "clips",
                doubling_bars([len(clip.glosses) for clip in own]),
            )
            for split, own in clips.items()
        ),
        Histogram(
            "How often train has a gloss",
            "times",
            "glosses",
            doubling_bars([*gloss_counts(clips["train"]).values()]),
        ),
    ]


def widths() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, …"""
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def equal_bars(values: Sequence[int], width: int) -> list[Bar]:
    """From the bar of the smallest value to that of the largest one."""
    first, last = min(values) // width, max(values) // width
    return bars(values, [(n * width, (n + 1) * width - 1) for n in range(first, last + 1)])


def doubling_bars(values: Sequence[int]) -> list[Bar]:
    """1, 2, 3–4, 5–8, …: large values are rare."""
    ranges = [(1, 1)]
    while ranges[-1][1] < max(values):
        ranges.append((ranges[-1][1] + 1, 2 * ranges[-1][1]))
    return bars(values, ranges)


def bars(values: Sequence[int], ranges: Sequence[tuple[int, int]]) -> list[Bar]:
    """One of each range, whose ends belong to it."""
    return [
        Bar(
            str(first) if first == last else f"{first}–{last}",
            sum(first <= value <= last for value in values),
        )
        for first, last in ranges
    ]
