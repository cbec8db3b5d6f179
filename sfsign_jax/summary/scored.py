"""Which of the words that dev and test are scored on a network can have learned."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.evaluation import clean_glosses

Clips = Mapping[str, Sequence[ClipFacts]]  # of each split
References = Mapping[str, Mapping[str, str]]  # of a split: clip id -> words


class Scored(NamedTuple):
    """The words of a split's references, and those among them that can't be right: -> how often."""

    words: int
    unlearned: Counter[str]  # train lacks them
    rewritten: Counter[str]  # train has them, but scoring makes other words of a prediction


def scored_splits(clips: Clips, references: References) -> dict[str, Scored]:
    """Of every split but train."""
    learned = gloss_counts(clips["train"]).keys()
    predicted = {*clean_glosses(learned)}
    found = {}
    for split, own in clips.items():
        if split == "train":
            continue
        words = Counter(word for clip in own for word in reference(clip, references.get(split, {})))
        wrong = Counter({word: n for word, n in words.items() if word not in predicted})
        found[split] = Scored(
            words.total(),
            Counter({word: n for word, n in wrong.items() if word not in learned}),
            Counter({word: n for word, n in wrong.items() if word in learned}),
        )
    return found


def reference(clip: ClipFacts, references: Mapping[str, str]) -> Sequence[str]:
    """What a clip is scored against: the corpus's own reference, or else its glosses."""
    return references[clip.id].split() if clip.id in references else clip.glosses


def gloss_counts(clips: Sequence[ClipFacts]) -> Counter[str]:
    return Counter(gloss for clip in clips for gloss in clip.glosses)
