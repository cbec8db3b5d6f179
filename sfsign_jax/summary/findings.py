"""What is wrong with a dataset, and what to do about it, before a network is trained on it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.summary.scored import (
    Clips,
    References,
    Scored,
    gloss_counts,
    reference,
    scored_splits,
)
from sfsign_jax.training.short_clips import short_clips

Rows = Mapping[str, Sequence[str]]  # of a split: where each clip stands in a table


class Finding(NamedTuple):
    """Something to look at: how much of it there is, what to do, and all of it."""

    problem: str
    advice: str
    items: Sequence[str]


def findings(
    clips: Clips, references: References, rows: Rows, stack: tuple[str, ...]
) -> list[Finding]:
    """The worst first.

    `rows` may be empty; `stack` is the temporal stack of the network that is to be trained.
    """
    return [
        *copies(clips),
        *too_short(clips, rows, stack),
        *unlearned(clips, references),
        *once(clips["train"]),
    ]


def copies(clips: Clips) -> Iterator[Finding]:
    """Clips whose stored frames are all the same, between splits and within one."""
    same: dict[str, list[tuple[str, ClipFacts]]] = defaultdict(list)
    for split, own in clips.items():
        for clip in own:
            if clip.checksum:
                same[clip.checksum].append((split, clip))
    groups = [group for group in same.values() if len(group) > 1]
    between = [group for group in groups if len({split for split, _ in group}) > 1]
    within = [group for group in groups if len({split for split, _ in group}) == 1]
    if between:
        yield Finding(
            f"{counted(len(between), 'video is', 'videos are')} in more than one split, frame by "
            "frame: the WER there does not hold for new videos",
            "keep each in one split",
            [described(group) for group in between],
        )
    if within:
        yield Finding(
            f"{counted(len(within), 'video is', 'videos are')} more than once in a split, frame "
            "by frame",
            "keep one clip of each",
            [described(group) for group in within],
        )


def described(group: Sequence[tuple[str, ClipFacts]]) -> str:
    """train: monday-1 = dev: friday-2."""
    named = " = ".join(f"{split}: {clip.id}" for split, clip in group)
    signed = dict.fromkeys(" ".join(clip.glosses) for _, clip in group)
    return named if len(signed) == 1 else f"{named}, with other glosses: {' / '.join(signed)}"


def too_short(clips: Clips, rows: Rows, stack: tuple[str, ...]) -> Iterator[Finding]:
    """Clips that the network gives fewer steps than their glosses need."""
    found = [
        f"{rows[split][number] if split in rows else split}: {reason}"
        for split, own in clips.items()
        for number, reason in short_clips(own, stack).items()
    ]
    if found:
        yield Finding(
            f"{counted(len(found), 'clip has', 'clips have')} fewer steps than the glosses need in "
            f"the published network, which makes a step of {total_stride(stack)} frames: training "
            "leaves those out that stretching does not make long enough",
            "see whether a clip was cut off, or has the glosses of another",
            found,
        )


def unlearned(clips: Clips, references: References) -> Iterator[Finding]:
    """Words that dev and test are scored on, and that nobody can recognise."""
    for split, own in scored_splits(clips, references).items():
        where = clips_of_words(clips[split], references.get(split, {}))
        if own.unlearned:
            yield Finding(
                f"{split}: train lacks {floor(own, own.unlearned)}",
                "sign them in clips of train too, or leave these clips out",
                [times(word, n, where[word]) for word, n in own.unlearned.most_common()],
            )
        if own.rewritten:
            yield Finding(
                f"{split}: scoring cleans predictions and never finds {floor(own, own.rewritten)}",
                "write them without what PHOENIX2014's rules drop, such as loc- and __PU__",
                [times(word, n, where[word]) for word, n in own.rewritten.most_common()],
            )


def floor(scored: Scored, words: Counter[str]) -> str:
    """The glosses, and the errors that there are then at least."""
    share = 100 * words.total() / scored.words
    return (
        f"{counted(len(words), 'gloss', 'glosses')}, {words.total()} of the {scored.words} that "
        f"are scored: the WER is at least {share:.1f} %"
    )


def clips_of_words(
    clips: Sequence[ClipFacts], references: Mapping[str, str]
) -> dict[str, list[str]]:
    """The ids of the clips whose references have a word."""
    where: dict[str, list[str]] = defaultdict(list)
    for clip in clips:
        for word in dict.fromkeys(reference(clip, references)):
            where[word].append(clip.id)
    return where


def times(word: str, count: int, clips: Sequence[str]) -> str:
    """HAIL, 2 times: a-1, a-2."""
    return f"{word}, {counted(count, 'time', 'times')}: {', '.join(clips)}"


def once(train: Sequence[ClipFacts]) -> Iterator[Finding]:
    """Glosses that are hardly learned."""
    counts = gloss_counts(train)
    rare = sorted(gloss for gloss, n in counts.items() if n == 1)
    if rare:
        where = {gloss: clip.id for clip in train for gloss in clip.glosses}
        yield Finding(
            f"{len(rare)} of the {counted(len(counts), 'gloss', 'glosses')} of train "
            f"{'is' if len(rare) == 1 else 'are'} signed once",
            "record them again, if you can with another signer",
            [f"{gloss}: {where[gloss]}" for gloss in rare],
        )


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
