"""The cleaning of gloss annotations that the official PHOENIX2014 evaluation applies.

The official references are the annotations after this cleaning, so predictions have to pass it
too. The order of the rules matters, and so does the white space of the annotation: a double space
separates what a single one would join ("S H" is spelled, "S  H" is not), so a line is cleaned as
it stands in the corpus, before it is split.
"""

import functools
import re
from collections.abc import Iterable

_RULES: tuple[tuple[str, str], ...] = (
    # Prefixes say how a sign is executed (loc- at a place, lh- with the left hand), not which one.
    ("loc-", ""),
    ("cl-", ""),
    ("qu-", ""),
    ("poss-", ""),
    ("lh-", ""),
    # A typing error (zero for O), and a second sign of the same meaning.
    ("S0NNE", "SONNE"),
    ("HABEN2", "HABEN"),
    # Tags that are no signs. __ON__ and __OFF__ stay: they are scored.
    ("__EMOTION__", ""),
    ("__PU__", ""),
    ("__LEFTHAND__", ""),
    # One sign, written in two ways.
    ("WIE AUSSEHEN", "WIE-AUSSEHEN"),
    ("ZEIGEN ", "ZEIGEN-BILDSCHIRM "),
    ("ZEIGEN$", "ZEIGEN-BILDSCHIRM"),
    # Finger-spelled letters become one word: A B C -> A+B+C.
    (r"^([A-Z]) ([A-Z][+ ])", r"\1+\2"),
    (r"[ +]([A-Z]) ([A-Z]) ", r" \1+\2 "),
    # Matches cannot overlap, so one pass joins every other pair: three passes for long spellings.
    (r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2"),
    # SCH and NN are spelled as one sign.
    (r"([ +]SCH) ([A-Z][ +])", r"\1+\2"),
    (r"([ +]NN) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) (NN[ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z])$", r"\1+\2"),
    # NORDRAUM, the region in the north, is signed NORD; PLUSPLUS marks a repeated movement.
    (r"([A-Z][A-Z])RAUM", r"\1"),
    ("-PLUSPLUS", ""),
    # A sign repeated at once counts once. Four passes, again because matches cannot overlap; a
    # repetition across a deleted tag stays, because two spaces are left between its words.
    *[(r"(?<![\w-])(\b[A-Z]+(?![\w-])) \1(?![\w-])", r"\1")] * 4,
)
# ASCII: the rules were written for tools that know no other letters.
_COMPILED_RULES = tuple((re.compile(pattern, re.ASCII), new) for pattern, new in _RULES)


def clean_line(line: str) -> str:
    """Cleans one annotation as it stands in the corpus; the words come back one space apart."""
    for pattern, replacement in _COMPILED_RULES:
        line = pattern.sub(replacement, line)
    return " ".join(line.split())


# A prediction draws on a small vocabulary: every gloss is cleaned once, not once per occurrence.
_clean_gloss = functools.lru_cache(maxsize=4096)(clean_line)


def clean_glosses(glosses: Iterable[str]) -> list[str]:
    """Cleans the glosses of a prediction, each by itself, and drops those that become empty.

    The official scripts clean a prediction file with one gloss a line, so the rules over several
    words never see a prediction.
    """
    return [cleaned for gloss in glosses if (cleaned := _clean_gloss(gloss))]
