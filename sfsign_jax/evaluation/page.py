"""The results as one HTML page, which needs a browser and nothing else."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sfsign_jax.evaluation.word_errors import (
    AlignedWord,
    Operation,
    WordErrors,
    align_clips,
    alignment_errors,
)

_NOTHING = "∅"


class Sentence(NamedTuple):
    clip_id: str
    signer: str
    words: list[AlignedWord]
    errors: WordErrors


class Group(NamedTuple):
    """Sentences counted together."""

    name: str
    sentences: int
    errors: WordErrors


class Mistake(NamedTuple):
    """An error, how often it was made, and how often its reference gloss was signed."""

    word: AlignedWord
    times: int
    signed: int


def report_page(
    about: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    heads: Mapping[str, Mapping[str, Sequence[str]]],
    signers: Mapping[str, str],
) -> str:
    """The word errors of each head, and every sentence aligned with its reference, worst first.

    The first head is the result. A clip that `signers` lacks is signed by "unknown".

    Raises:
        UserError: as for `word_error_rate`.
    """
    return _TEMPLATES.get_template("page.html").render(
        about={**about, "clips": str(len(references))},
        heads=[
            _results(head, _sentences(references, predictions, signers))
            for head, predictions in heads.items()
        ],
    )


def _results(head: str, sentences: Sequence[Sentence]) -> dict[str, object]:
    """What the page shows of one head."""
    words = [word for sentence in sentences for word in sentence.words]
    shortest_first = sorted(sentences, key=lambda sentence: sentence.errors.words)
    return {
        "name": head,
        "errors": alignment_errors(words),
        "lengths": _groups(shortest_first, _length),
        "signers": sorted(
            _groups(sentences, lambda sentence: sentence.signer),
            key=lambda group: -group.errors.rate,
        ),
        "confused": _mistakes(words, "substitution"),
        "missed": _mistakes(words, "deletion"),
        "inserted": _mistakes(words, "insertion"),
        "sentences": sentences,
    }


def _sentences(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    signers: Mapping[str, str],
) -> list[Sentence]:
    """Worst first; of two with the same WER, the one with more errors."""
    sentences = [
        Sentence(clip_id, signers.get(clip_id, "unknown"), words, alignment_errors(words))
        for clip_id, words in align_clips(references, predictions).items()
    ]
    return sorted(sentences, key=lambda sentence: (-sentence.errors.rate, -sentence.errors.errors))


def _groups(sentences: Iterable[Sentence], name_of: Callable[[Sentence], str]) -> list[Group]:
    """The sentences of the same name together, in the order in which the names come first."""
    groups: dict[str, list[list[AlignedWord]]] = {}
    for sentence in sentences:
        groups.setdefault(name_of(sentence), []).append(sentence.words)
    return [
        Group(name, len(words), alignment_errors(chain.from_iterable(words)))
        for name, words in groups.items()
    ]


def _length(sentence: Sentence) -> str:
    """1, 2, 3, 4-5, 6-8, 9-12, ... glosses: long sentences are rare, so their groups are wide."""
    first, last = 1, 1
    while last < sentence.errors.words:
        first, last = last + 1, math.ceil(1.5 * last)
    return str(last) if first == last else f"{first}-{last}"


def _mistakes(words: Iterable[AlignedWord], operation: Operation) -> list[Mistake]:
    """The errors of one kind, the most frequent first."""
    counts = Counter(words)
    signed = Counter(word.reference for word in words)
    return [
        Mistake(word, times, signed[word.reference])
        for word, times in counts.most_common()
        if word.operation == operation
    ]


def _error(word: AlignedWord) -> str:
    """One word to search for: REGEN→WIND, REGEN→∅ or ∅→WIND."""
    return f"{word.reference or _NOTHING}→{word.hypothesis or _NOTHING}"


def _searchable(sentence: Sentence) -> str:
    """The words by which the page finds a sentence."""
    words = [sentence.clip_id, f"@{sentence.signer}", f"#{_length(sentence)}"]
    for word in sentence.words:
        words += [gloss for gloss in (word.reference, word.hypothesis) if gloss is not None]
        if word.operation != "correct":
            words.append(_error(word))
    return " ".join(dict.fromkeys(words))


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,  # clip ids, signers and glosses are whatever a corpus says
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(error=_error, searchable=_searchable)
