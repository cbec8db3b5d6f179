"""The clips of an ELAN file: glosses, and from when to when."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sfsign_jax.data.elan import Annotation, Eaf, annotations, tiers
from sfsign_jax.data.remarks import remark
from sfsign_jax.data.times import clock
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text

PAUSE = 1000  # milliseconds without a gloss that end a clip, where no tier has the sentences
MOST_TOLD = 50  # tiers in a message
GLOSS_NAMES = {
    *("gloss", "glosses", "idgloss", "idglosses", "sign", "signs"),
    *("glosse", "glossen", "glosa", "glosas", "glose", "gloses"),
}
SENTENCE_NAMES = {
    *("sentence", "sentences", "utterance", "utterances", "translation", "translations"),
    *("satz", "sätze", "übersetzung", "phrase", "phrases", "traduction", "oración", "traducción"),
}
OTHER_HAND = {"lh", "left", "ndh", "nondom", "weak"}  # the right one has the glosses then


class Clip(NamedTuple):
    start: float  # milliseconds, as the file counts
    end: float
    glosses: list[str]


def clips_of(eaf: Eaf, gloss_tier: str, sentence_tier: str | None) -> Iterator[Clip]:
    """One for each annotation of the tier of sentences that has glosses; without such a tier,
    glosses less than `PAUSE` apart are one. Spaces separate the glosses of an annotation.

    Raises:
        UserError: there is no gloss, one can't be printed, or two annotations of a tier overlap.
    """
    signed = [one for one in checked(eaf, gloss_tier) if one.text.strip()]
    if not signed:
        raise UserError(
            f"{eaf.path}: no annotation of the tier {gloss_tier!r} has a gloss: annotate it, name "
            f"another tier or leave the file out; {described(eaf)}"
        )
    runs = runs_of(signed) if sentence_tier is None else sentences(eaf, signed, sentence_tier)
    for start, end, run in runs:
        yield Clip(start, end, [gloss for one in run for gloss in one.text.split()])


def checked(eaf: Eaf, tier: str) -> list[Annotation]:
    """The annotations of a tier, their text cleaned.

    Raises:
        UserError: one ends before it begins, two overlap, or one can't be printed.
    """
    found = []
    for one in annotations(eaf, tier):
        where = place(eaf, tier, one.start)
        if one.start >= one.end:
            raise UserError(
                f"{where}: the annotation {one.text[:80]!r} has no length: correct its end"
            )
        found.append(one._replace(text=clean_text(one.text, where)))
    for one, other in pairwise(found):
        if other.start < one.end - 0.5:  # what shares a time with others may be rounded
            raise UserError(
                f"{place(eaf, tier, other.start)}: {other.text[:80]!r} begins before "
                f"{one.text[:80]!r} ends, at {clock(one.end)}: put what is signed at once on two "
                "tiers"
            )
    return found


def runs_of(signed: Sequence[Annotation]) -> Iterator[tuple[float, float, list[Annotation]]]:
    """(from, to, glosses) of each run without a pause."""
    run = [signed[0]]
    for one in signed[1:]:
        if one.start - run[-1].end >= PAUSE:
            yield run[0].start, run[-1].end, run
            run = []
        run.append(one)
    yield run[0].start, run[-1].end, run


def sentences(
    eaf: Eaf, signed: Sequence[Annotation], tier: str
) -> Iterator[tuple[float, float, list[Annotation]]]:
    """(from, to, glosses) of each sentence; a gloss is of the one that its middle lies in.

    A sentence counts though nothing is written in it: many mark no more than its time.
    """
    waiting = list(reversed(signed))
    outside: list[Annotation] = []
    for sentence in checked(eaf, tier):
        run: list[Annotation] = []
        while waiting and middle(waiting[-1]) < sentence.end:
            one = waiting.pop()
            (run if middle(one) >= sentence.start else outside).append(one)
        if run:
            yield sentence.start, sentence.end, run
    outside += reversed(waiting)
    if outside:
        remark(
            f"{place(eaf, tier, outside[0].start)}: {len(outside)} glosses lie in no annotation of "
            f"this tier and are left out, first {outside[0].text[:80]!r}"
        )


def middle(annotation: Annotation) -> float:
    return (annotation.start + annotation.end) / 2


def chosen_tiers(eaf: Eaf, gloss_tier: str, sentence_tier: str) -> tuple[str, str | None]:
    """The tier of glosses and that of sentences (None: there is none); "" asks for a guess.

    Raises:
        UserError: a tier isn't there, or it can't be told by their names which it is.
    """
    glosses = named(eaf, gloss_tier) if gloss_tier else guessed(eaf, GLOSS_NAMES)
    glosses = [tier for tier in glosses if not words(tier) & OTHER_HAND] or glosses
    if len(glosses) != 1:
        raise UserError(
            f"{eaf.path}: which tier has the glosses? Name it in a column gloss_tier of corpus.csv;"
            f" {described(eaf)}"
        )
    if sentence_tier:
        return glosses[0], named(eaf, sentence_tier)[0]
    found = [tier for tier in guessed(eaf, SENTENCE_NAMES) if tier != glosses[0]]
    signer = participant(eaf, glosses[0])
    found = [tier for tier in found if signer and participant(eaf, tier) == signer] or found
    if len(found) > 1:
        raise UserError(
            f"{eaf.path}: which tier has the sentences? Name it in a column sentence_tier of "
            f"corpus.csv; {described(eaf)}"
        )
    return glosses[0], found[0] if found else None


def named(eaf: Eaf, asked: str) -> list[str]:
    """The tier of that name, however its letters are composed.

    Raises:
        UserError: there is none.
    """
    found = [tier for tier in tiers(eaf) if clean_text(tier, str(eaf.path)).strip() == asked]
    if not found:
        raise UserError(f"{eaf.path} has no tier {asked!r}; {described(eaf)}")
    return found[:1]


def guessed(eaf: Eaf, names: set[str]) -> list[str]:
    """Tiers with annotations that are called so; or else, those with such a word in their name."""
    filled = [
        tier for tier, element in tiers(eaf).items() if element.find("ANNOTATION") is not None
    ]
    called = [tier for tier in filled if tier.strip().lower() in names]
    return called or [tier for tier in filled if words(tier) & names]


def words(tier: str) -> set[str]:
    """rh, idgloss and a of RH-IDgloss_A."""
    return set(re.findall(r"[^\W\d_]+", clean_text(tier, tier).lower()))


def participant(eaf: Eaf, tier: str) -> str:
    """Who signs there, "" where the file does not say."""
    return clean_text(tiers(eaf)[tier].get("PARTICIPANT", ""), str(eaf.path)).strip()


def described(eaf: Eaf) -> str:
    """The tiers of a file, for messages."""
    listed = [
        f"{name!r} ({len(tier.findall('ANNOTATION'))} annotations)"
        for name, tier in tiers(eaf).items()
    ]
    more = [f"and {len(listed) - MOST_TOLD} more"] if len(listed) > MOST_TOLD else []
    return f"it has {', '.join(listed[:MOST_TOLD] + more)}" if listed else "it has no tiers"


def place(eaf: Eaf, tier: str, start: float) -> str:
    return f"{eaf.path}, tier {tier!r}, at {clock(start)}"
