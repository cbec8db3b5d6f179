"""The word error rate as NIST's sclite counts it, without sclite.

Each repetition of a word counts, predictions are taken as they are, the case of A to Z does not
matter, and of alternatives the best counts. The words of a CTM file belong to the segment in whose
time their middle lies. Costs are those of sclite, and so is the choice where several alignments
cost the same.
"""

import ctypes
import os
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.nist_files import (
    NOTHING,
    Alternation,
    Segment,
    Text,
    TimedWord,
    read_segments,
    read_timed_words,
)
from sfsign_jax.evaluation.word_errors import WordErrors, check_size, count_errors

# In thousandths, for those of "@", which are next to nothing.
_SUBSTITUTION, _GAP, _GAP_OF_NOTHING, _TWO_NOTHINGS = 4000, 3000, 1, 1000

_Place = tuple[str, str]  # file and channel


class NistCount(NamedTuple):
    errors: WordErrors
    segments: int  # that are scored
    not_predicted: int  # files and channels without a word, which are scored as empty


class Arcs(NamedTuple):
    """A text as a network: each way from the first arc to one of `last` is what it may say."""

    words: list[str]  # of each arc; the first has none
    before: list[list[int]]  # the arcs that may come just before each arc
    last: list[int]

    def size(self) -> int:
        """How many arcs have to be looked at: each once for every one that may come before it."""
        return 1 + sum(map(len, self.before))


def nist_word_error_rate(stm: str | os.PathLike[str], ctm: str | os.PathLike[str]) -> NistCount:
    """The word errors of all segments of an STM file together.

    Raises:
        UserError: a file can't be read or a line is malformed, lines of a file or channel are apart
            or not sorted by time, a file or channel of the CTM file is not in the STM file, or
            there is no reference word.
    """
    segments = _segments_by_place(stm)
    words = _words_by_place(ctm)
    if foreign := next((place for place in words if place not in segments), None):
        raise UserError(
            f"{words[foreign][0].where}: {stm} has no file {foreign[0]} of channel {foreign[1]}"
        )
    counts = [0, 0, 0, 0]
    scored = 0
    for place, own in segments.items():
        for segment, part in _with_words(own, words.get(place, [])):
            if segment.text is not None:
                scored += 1
                reference, hypothesis = _arcs_of_text(segment.text), _arcs_of_words(part)
                check_size(segment.where, reference.size(), hypothesis.size())
                counts = list(map(int.__add__, counts, align_counts(reference, hypothesis)))
    correct, substitutions, deletions, insertions = counts
    if not (num_words := correct + substitutions + deletions):
        raise UserError(f"{stm}: there is no reference word to score against")
    errors = count_errors(
        substitutions=substitutions, deletions=deletions, insertions=insertions, words=num_words
    )
    return NistCount(errors, scored, len(segments.keys() - words.keys()))


def _segments_by_place(path: str | os.PathLike[str]) -> dict[_Place, list[Segment]]:
    segments: dict[_Place, list[Segment]] = {}
    previous = None
    for segment in read_segments(path):
        place = (_folded(segment.file), _folded(segment.channel))
        own = segments.setdefault(place, [])
        if own and (place != previous or segment.start < own[-1].start):
            raise UserError(
                f"{segment.where}: the lines of {segment.file} {segment.channel} are not together"
                " and sorted by time"
            )
        own.append(segment)
        previous = place
    return segments


def _words_by_place(path: str | os.PathLike[str]) -> dict[_Place, list[TimedWord | Alternation]]:
    words: dict[_Place, list[TimedWord | Alternation]] = {}
    previous = None
    latest = 0.0
    for item in read_timed_words(path):
        if not (first := _first_word(item)):
            continue  # an alternation of nothing
        place = (_folded(first.file), _folded(first.channel))
        own = words.setdefault(place, [])
        if own and (place != previous or first.start < latest):
            raise UserError(
                f"{first.where}: the lines of {first.file} {first.channel} are not together and"
                " sorted by time"
            )
        own.append(item)
        previous, latest = place, first.start
    return words


def _first_word(item: TimedWord | Alternation) -> TimedWord | None:
    if isinstance(item, TimedWord):
        return item
    return next((word for words in item.words for word in words), None)


def _with_words(
    segments: Sequence[Segment], words: Sequence[TimedWord | Alternation]
) -> Iterator[tuple[Segment, Sequence[TimedWord | Alternation]]]:
    """Each segment with its words; those after the last one's time are the last one's."""
    begin = 0
    for segment in segments[:-1]:
        end = begin
        limit = ctypes.c_float(segment.end).value  # sclite keeps these times in 32 bits
        while end < len(words) and _middle(words[end]) < limit:
            end += 1
        yield segment, words[begin:end]
        begin = end
    yield segments[-1], words[begin:]


def _middle(item: TimedWord | Alternation) -> float:
    if isinstance(item, TimedWord):
        return item.start + item.duration / 2
    return max((_middle(word) for words in item.words for word in words), default=0)


def _folded(text: str) -> str:
    """Without capital letters from A to Z; sclite leaves those of other alphabets."""
    return text.encode().lower().decode()


def _scored_word(word: str) -> str:
    folded = _folded(word)
    return folded[:-1] if len(folded) > 1 and folded.endswith("*") else folded


def _arcs_of_text(text: Text) -> Arcs:
    words: list[str] = [""]
    before: list[list[int]] = [[]]
    return Arcs(words, before, _append(text, [0], words, before))


def _append(text: Text, last: list[int], words: list[str], before: list[list[int]]) -> list[int]:
    """Adds the arcs of `text` behind those of `last`; what may come last now."""
    for item in text:
        if isinstance(item, str):
            words.append(_scored_word(item))
            before.append(last)
            last = [len(words) - 1]
        else:
            last = [arc for choice in item for arc in _append(choice, last, words, before)]
    return last


def _arcs_of_words(items: Sequence[TimedWord | Alternation]) -> Arcs:
    return _arcs_of_text(
        [
            item.word
            if isinstance(item, TimedWord)
            else [[word.word for word in words] or [NOTHING] for words in item.words]
            for item in items
        ]
    )


def align_counts(reference: Arcs, hypothesis: Arcs) -> tuple[int, int, int, int]:
    """How many words are correct, substituted, deleted and inserted in the cheapest alignment."""
    costs = _costs(reference, hypothesis)
    i, j = _cheapest(costs, reference.last, hypothesis.last)
    correct = substitutions = deletions = insertions = 0
    while i or j:
        word, other = reference.words[i], hypothesis.words[j]
        back_i, back_j = _step_back(costs, reference, hypothesis, i, j)
        if back_i == i:
            insertions += other != NOTHING
        elif back_j == j:
            deletions += word != NOTHING
        elif word != other:
            substitutions += 1
        else:
            correct += word != NOTHING
        i, j = back_i, back_j
    return correct, substitutions, deletions, insertions


def _costs(reference: Arcs, hypothesis: Arcs) -> list[Sequence[int]]:
    """costs[i][j]: of the best alignment that ends with the arcs i and j."""
    gaps = [_GAP_OF_NOTHING if word == NOTHING else _GAP for word in hypothesis.words]
    columns = range(1, len(hypothesis.words))
    top = [0]
    for j in columns:
        top.append(min(top[k] for k in hypothesis.before[j]) + gaps[j])
    costs: list[Sequence[int]] = [array("i", top)]
    for word, before in zip(reference.words[1:], reference.before[1:], strict=True):
        above = costs[before[0]]
        if len(before) > 1:
            above = array("i", map(min, *(costs[k] for k in before)))
        gap = _GAP_OF_NOTHING if word == NOTHING else _GAP
        row = array("i", [above[0] + gap])
        for j in columns:
            places = hypothesis.before[j]
            if len(places) == 1:
                diagonal, left = above[places[0]], row[places[0]]
            else:
                diagonal, left = (min(values[k] for k in places) for values in (above, row))
            if word != hypothesis.words[j]:
                diagonal += _SUBSTITUTION
            elif word == NOTHING:
                diagonal += _TWO_NOTHINGS
            row.append(min(diagonal, above[j] + gap, left + gaps[j]))
        costs.append(row)
    return costs


def _step_back(
    costs: Sequence[Sequence[int]], reference: Arcs, hypothesis: Arcs, i: int, j: int
) -> tuple[int, int]:
    """The arcs before i and j on the cheapest way there.

    Of ways that cost the same a substitution comes first and a deletion last, as in sclite.
    """
    word, other = reference.words[i], hypothesis.words[j]
    rows, columns = reference.before[i], hypothesis.before[j]
    if i and j:
        diagonal = _cheapest(costs, rows, columns)
        paid = costs[i][j] - costs[diagonal[0]][diagonal[1]]
        price = _SUBSTITUTION if word != other else _TWO_NOTHINGS if word == NOTHING else 0
        if paid == price:
            return diagonal
    if j:
        left = _cheapest(costs, [i], columns)
        price = _GAP_OF_NOTHING if other == NOTHING else _GAP
        if costs[i][j] - costs[left[0]][left[1]] == price:
            return left
    return _cheapest(costs, rows, [j])


def _cheapest(
    costs: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]
) -> tuple[int, int]:
    """The first of the cheapest cells."""
    return min(((i, j) for i in rows for j in columns), key=lambda cell: costs[cell[0]][cell[1]])
