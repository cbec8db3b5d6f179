"""The sentences of one video."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sfsign_jax.text import without_controls

if TYPE_CHECKING:
    from sfsign_jax.recognition.result import Recognition


class Transcript(NamedTuple):
    video: str  # its path, as other programs should find it
    rate: float  # frames a second
    sentences: "Sequence[Recognition]"  # of one gloss or more

    def signed(self) -> "Iterator[tuple[Recognition, tuple[int, int]]]":
        """Each sentence, as every format can hold it, and the frames from its first gloss to its
        last."""
        for sentence in self.sentences:
            yield plain(sentence), (sentence.spans[0][0], sentence.spans[-1][1])

    def seconds(self, frames: tuple[int, int]) -> tuple[float, float]:
        """When the first of these frames appears, and the last one has passed."""
        first, last = frames
        return first / self.rate, (last + 1) / self.rate


def plain(sentence: "Recognition") -> "Recognition":
    """Without control characters, which glosses may have that no reader of ours has seen."""
    return sentence._replace(
        glosses=tuple(map(without_controls, sentence.glosses)),
        alternatives=tuple(
            other._replace(glosses=tuple(map(without_controls, other.glosses)))
            for other in sentence.alternatives
        ),
    )
