"""The sentences of one video."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sfsign_jax.text import without_controls

if TYPE_CHECKING:
    from sfsign_jax.recognition.result import Alternative, Recognition


class Sentence(NamedTuple):
    """As a person may have changed it, who gives no probabilities."""

    glosses: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]  # first and last frame of each gloss
    confidences: tuple[float | None, ...]  # None for a gloss that a person has edited
    log_probability: float | None = None
    alternatives: "tuple[Alternative, ...]" = ()


class Transcript(NamedTuple):
    video: str  # its path, as other programs should find it
    rate: float  # frames a second
    sentences: "Sequence[Recognition | Sentence]"  # of one gloss or more
    edited: bool = False  # by a person

    def signed(self) -> Iterator[tuple[Sentence, tuple[int, int]]]:
        """Each sentence, as every format can hold it, and the frames from its first gloss to its
        last."""
        for sentence in self.sentences:
            yield plain(sentence), (sentence.spans[0][0], sentence.spans[-1][1])

    def seconds(self, frames: tuple[int, int]) -> tuple[float, float]:
        """When the first of these frames appears, and the last one has passed."""
        first, last = frames
        return first / self.rate, (last + 1) / self.rate


def plain(sentence: "Recognition | Sentence") -> Sentence:
    """Without control characters, which glosses may have that no reader of ours has seen."""
    return Sentence(
        tuple(map(without_controls, sentence.glosses)),
        sentence.spans,
        sentence.confidences,
        sentence.log_probability,
        tuple(
            other._replace(glosses=tuple(map(without_controls, other.glosses)))
            for other in sentence.alternatives
        ),
    )
