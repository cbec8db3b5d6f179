"""The numbers of every split."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.summary.scored import Clips, References, gloss_counts, scored_splits

UNNAMED = ("", "unknown")  # signers of earlier versions' datasets, and where a table names none


class Row(NamedTuple):
    """A number of the splits that have it, as it is shown."""

    name: str
    values: Mapping[str, str]


def split_table(clips: Clips, references: References, frame_rate: float | None) -> list[Row]:
    """Rows that say nothing, since nobody knows or there is none of it anywhere, are left out.

    `frame_rate` is in frames a second; None, where the clips have none in common.
    """
    others = [split for split in clips if split != "train"]
    counts = {split: gloss_counts(own) for split, own in clips.items()}
    signers = known_signers(clips)
    new = {
        split: sorted(signers[split] - signers["train"])
        for split in others
        if {"train", split} <= signers.keys()
    }
    sentences = {clip.glosses for clip in clips["train"]}
    again = {split: sum(clip.glosses in sentences for clip in clips[split]) for split in others}
    scored = scored_splits(clips, references)
    rows = [
        Row("clips", shown({split: len(own) for split, own in clips.items()})),
        Row("signers", shown({split: len(own) for split, own in signers.items()})),
        Row("signers that train lacks", listed(new)),
        *length_rows(clips, frame_rate),
        Row("glosses signed", shown({split: own.total() for split, own in counts.items()})),
        Row("distinct glosses", shown({split: len(own) for split, own in counts.items()})),
        Row("signed once", shown({"train": [*counts["train"].values()].count(1)})),
        Row(
            "glosses that train lacks",
            shown({split: len(own.unlearned) for split, own in scored.items()}),
        ),
        Row("sentences that train has too", shown(again)),
    ]
    return [row for row in rows if any(row.values.values())]


def length_rows(clips: Clips, frame_rate: float | None) -> list[Row]:
    """The shortest, the median and the longest clip."""
    measures: tuple[tuple[str, Callable[[Sequence[int]], float]], ...] = (
        ("shortest clip", min),
        ("median clip", statistics.median),
        ("longest clip", max),
    )
    return [
        Row(
            f"{name}, frames",
            {split: length(measure(lengths(own)), frame_rate) for split, own in clips.items()},
        )
        for name, measure in measures
    ]


def lengths(clips: Sequence[ClipFacts]) -> list[int]:
    return [clip.num_frames for clip in clips]


def length(frames: float, frame_rate: float | None) -> str:
    """24.5, or 24.5 (0.98 s), which breaks between the two."""
    return f"{frames:g}" + (f" ({frames / frame_rate:.3g}\u00a0s)" if frame_rate else "")


def known_signers(clips: Clips) -> dict[str, set[str]]:
    """Of the splits in which every clip has one."""
    signers = {split: {clip.signer for clip in own} for split, own in clips.items()}
    return {split: own for split, own in signers.items() if own.isdisjoint(UNNAMED)}


def shown(counts: Mapping[str, int]) -> dict[str, str]:
    """Nothing, where all are zero."""
    return {split: str(n) for split, n in counts.items()} if any(counts.values()) else {}


def listed(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """How many, and which, where they are few."""
    if not any(names.values()):
        return {}
    return {
        split: f"{len(own)} ({', '.join(own)})" if 0 < len(own) <= 2 else str(len(own))
        for split, own in names.items()
    }
