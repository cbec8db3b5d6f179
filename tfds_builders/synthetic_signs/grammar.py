"""Sentences: clauses of a few slots, and the split that each sentence belongs to."""

import hashlib
from itertools import product

import numpy as np

from tfds_builders.synthetic_signs.lexicon import Gloss

# A clause: when, where, what weather, how much; the weather alone is always said.
CLAUSES = tuple(
    tuple(
        slot
        for slot, said in zip(("time", "place", "weather", "degree"), kept, strict=True)
        if said
    )
    for kept in product((False, True), (False, True), (True,), (False, True))
)


def draw_sentence(
    rng: np.random.Generator, lexicon: tuple[Gloss, ...], length: int
) -> tuple[Gloss, ...]:
    """A sentence of exactly ``length`` glosses; no gloss follows itself."""
    sentence: list[Gloss] = []
    while len(sentence) < length:
        fitting = [clause for clause in CLAUSES if len(clause) <= length - len(sentence)]
        for slot in fitting[rng.integers(len(fitting))]:
            fillers = [g for g in lexicon if g.category == slot and g not in sentence[-1:]]
            sentence.append(fillers[rng.integers(len(fillers))])
    return tuple(sentence)


def split_of(sentence: tuple[Gloss, ...]) -> str:
    """The one split that may contain this sentence: 80 % train, 10 % dev, 10 % test.

    A function of the glosses alone, so that clips drawn independently of each other, in any
    number, never share a sentence across splits. Single glosses are in train: there are so few
    that dev's only one would be a third of its clips.
    """
    if len(sentence) == 1:
        return "train"
    text = " ".join(gloss.name for gloss in sentence)
    bucket = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % 10
    return ("dev", "test")[bucket] if bucket < 2 else "train"
