"""What a list of glosses has to be, wherever it comes from."""

from collections.abc import Sequence


def check_glosses(vocabulary: Sequence[str]) -> None:
    """Raises ValueError where a gloss is there twice, or is not one word."""
    seen: set[str] = set()
    for gloss in vocabulary:
        if len(gloss.split()) != 1:
            raise ValueError(f"the vocabulary has {gloss!r}, which is not one gloss")
        if gloss in seen:
            raise ValueError(f"the vocabulary has {gloss!r} twice")
        seen.add(gloss)
