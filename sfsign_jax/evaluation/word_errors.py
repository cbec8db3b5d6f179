"""The word error rate (WER), counted to the last digit as the published recognisers count it.

The costs are those of NIST's sclite: 4 for a substitution, 3 for a deletion or an insertion. Two
things are particular: equal neighbours of a prediction are merged first, and two equal words are
paired without a look at the alternatives.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import Literal, NamedTuple

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.cleaning import clean_glosses

Operation = Literal["correct", "substitution", "deletion", "insertion"]
# As bytes, of which a table of millions has room.
_OPERATIONS: tuple[Operation, ...] = ("correct", "substitution", "deletion", "insertion")
_CORRECT, _SUBSTITUTION, _DELETION, _INSERTION = range(4)

_SUBSTITUTION_COST = 4
_DELETION_COST = 3
_INSERTION_COST = 3

# Scored in place of a prediction without a word, so that the clip still enters the count: all its
# reference words are errors, one substituted and the others deleted.
_EMPTY = "[EMPTY]"

# 4,000 words against 4,000, an hour of signing: 16 MB and six seconds of a slow core (by the rules
# of NIST 64 MB and sixteen seconds).
_MOST_CELLS = 16_000_000


class AlignedWord(NamedTuple):
    """One position of an alignment; None on the side that has no word there."""

    operation: Operation
    reference: str | None
    hypothesis: str | None


class WordErrors(NamedTuple):
    """How many words of a clip, or of a whole split, are wrong.

    `rate` is the WER in percent of the reference `words`; insertions can take it beyond 100.
    """

    rate: float
    substitutions: int
    deletions: int
    insertions: int
    words: int

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    def _repr_html_(self) -> str:
        """As a notebook shows them: each part in percent of the reference words, and its count."""
        parts = {
            "WER": self.errors,
            "substitutions": self.substitutions,
            "deletions": self.deletions,
            "insertions": self.insertions,
        }
        rows = "".join(
            f"<tr><th>{name}</th><td>{100 * count / self.words:.2f} %</td><td>{count}</td></tr>"
            for name, count in parts.items()
        )
        rows += f"<tr><th>words</th><td></td><td>{self.words}</td></tr>"
        return f"<table>{rows}</table>"


def word_error_rate(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    *,
    missing_as_empty: bool = False,
) -> WordErrors:
    """The word errors of all clips together, every reference word with the same weight.

    Args:
      references: clip id -> glosses, taken as they are.
      predictions: clip id -> glosses, cleaned here. A prediction with nothing left scores as the
        one word "[EMPTY]".
      missing_as_empty: score a clip without a prediction as an empty one; else it is an error.

    Raises:
      UserError: there are no references, one is empty, a clip has no prediction, or a prediction
        has no reference.
    """
    clips = align_clips(references, predictions, missing_as_empty=missing_as_empty)
    return alignment_errors(chain.from_iterable(clips.values()))


def clip_errors(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    *,
    missing_as_empty: bool = False,
) -> dict[str, WordErrors]:
    """The word errors of each clip, in the order of the references; see word_error_rate."""
    clips = align_clips(references, predictions, missing_as_empty=missing_as_empty)
    return {clip_id: alignment_errors(words) for clip_id, words in clips.items()}


def align_clips(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    *,
    missing_as_empty: bool = False,
) -> dict[str, list[AlignedWord]]:
    """The alignment that each clip's errors are counted on; see word_error_rate."""
    scored = scored_words(references, predictions, missing_as_empty=missing_as_empty)
    aligned = {}
    for clip_id, reference in references.items():
        hypothesis = [word for word, _ in groupby(scored[clip_id])]
        check_size(f"clip {clip_id}", len(reference), len(hypothesis))
        aligned[clip_id] = align(reference, hypothesis)
    return aligned


def check_size(name: str, num_reference: int, num_hypothesis: int) -> None:
    """Refuses what can't be aligned in a bounded time.

    Raises:
      UserError: reference times hypothesis words are more than 16 million.
    """
    if num_reference * num_hypothesis > _MOST_CELLS:
        raise UserError(
            f"{name}: {num_reference} words against {num_hypothesis} are too many to align; cut it"
            " into parts of 4,000 words"
        )


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[AlignedWord]:
    """Aligns a hypothesis with its reference at the least cost.

    Equal words are paired whatever the alternatives cost; where several alternatives cost the
    same, a substitution is preferred to a deletion and a deletion to an insertion.
    """
    # operations[i][j]: the last step of the best alignment of i reference and j hypothesis words.
    operations = [bytearray([_INSERTION]) * (len(hypothesis) + 1)]
    costs_above = [_INSERTION_COST * j for j in range(len(hypothesis) + 1)]
    for i, reference_word in enumerate(reference, start=1):
        costs = [_DELETION_COST * i]
        row = bytearray([_DELETION])
        for j, hypothesis_word in enumerate(hypothesis, start=1):
            cost = costs_above[j - 1]
            operation = _CORRECT
            if reference_word != hypothesis_word:
                cost += _SUBSTITUTION_COST
                operation = _SUBSTITUTION
                if costs_above[j] + _DELETION_COST < cost:
                    cost = costs_above[j] + _DELETION_COST
                    operation = _DELETION
                if costs[j - 1] + _INSERTION_COST < cost:
                    cost = costs[j - 1] + _INSERTION_COST
                    operation = _INSERTION
            costs.append(cost)
            row.append(operation)
        operations.append(row)
        costs_above = costs

    aligned = []
    i, j = len(reference), len(hypothesis)
    while i or j:
        last = _OPERATIONS[operations[i][j]]
        i -= last != "insertion"
        j -= last != "deletion"
        aligned.append(
            AlignedWord(
                last,
                None if last == "insertion" else reference[i],
                None if last == "deletion" else hypothesis[j],
            )
        )
    return aligned[::-1]


def scored_words(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    *,
    missing_as_empty: bool,
) -> dict[str, list[str]]:
    """The words that stand for each clip's prediction, in the order of the references.

    That is the cleaned prediction, or "[EMPTY]" where nothing is left of it. Raises UserError as
    word_error_rate does: a broken run must not give a number that looks like a result.
    """
    if not references:
        raise UserError("there are no reference clips to score against")
    if empty := [clip_id for clip_id, glosses in references.items() if not glosses]:
        raise UserError(
            f"no reference gloss for {_some_clips(empty)}: add the glosses or leave the clip out"
        )
    if unknown := [clip_id for clip_id in predictions if clip_id not in references]:
        raise UserError(
            f"no reference for {_some_clips(unknown)} among the predictions: score against the"
            " references of the same split"
        )
    missing = [clip_id for clip_id in references if clip_id not in predictions]
    if missing and not missing_as_empty:
        raise UserError(
            f"no prediction for {_some_clips(missing)} of {len(references)}: predict every clip,"
            " or pass missing_as_empty=True"
        )
    return {
        clip_id: clean_glosses(predictions.get(clip_id, ())) or [_EMPTY] for clip_id in references
    }


def alignment_errors(aligned: Iterable[AlignedWord]) -> WordErrors:
    """The word errors of one alignment, or of those of several clips in a row."""
    counts = Counter(word.operation for word in aligned)
    return count_errors(
        substitutions=counts["substitution"],
        deletions=counts["deletion"],
        insertions=counts["insertion"],
        words=counts.total() - counts["insertion"],
    )


def count_errors(*, substitutions: int, deletions: int, insertions: int, words: int) -> WordErrors:
    """WordErrors with the rate that follows from the counts."""
    rate = (substitutions + deletions + insertions) / words * 100
    return WordErrors(rate, substitutions, deletions, insertions, words)


def _some_clips(clip_ids: Sequence[str]) -> str:
    """How many clips, and the first of them by name."""
    count = "1 clip" if len(clip_ids) == 1 else f"{len(clip_ids)} clips"
    more = ", ..." if len(clip_ids) > 3 else ""
    return f"{count} ({', '.join(clip_ids[:3])}{more})"
