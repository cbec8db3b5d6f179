"""Videos of several sentences: clips of a synthetic corpus, five of a signer after one another."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import UInt8

from tfds_builders.synthetic_signs.corpus import CorpusConfig, SyntheticClip, make_clip

TOGETHER = 5  # sentences

Frames = UInt8[np.ndarray, "n height width 3"]
Pause = Callable[[Frames, Frames, int], Frames]  # clip before, clip after, frames


def groups(corpus: CorpusConfig, split: str) -> Iterator[list[SyntheticClip]]:
    """The clips of each video."""
    of_signer: dict[str, list[SyntheticClip]] = defaultdict(list)
    for number in range(corpus.clips[split]):
        clip = make_clip(corpus, split, number)
        of_signer[clip.signer].append(clip)
    for clips in of_signer.values():
        for start in range(0, len(clips) - TOGETHER + 1, TOGETHER):
            yield clips[start : start + TOGETHER]


def joined(
    clips: list[SyntheticClip], pause: Pause, lengths: list[int]
) -> tuple[Frames, list[int]]:
    """A video with a pause of so many frames after each clip but the last; where clips start."""
    parts, starts = [clips[0].frames], [0]
    for (before, after), length in zip(itertools.pairwise(clips), lengths, strict=True):
        parts += [pause(before.frames, after.frames, length), after.frames]
        starts.append(starts[-1] + len(before.frames) + length)
    return np.concatenate(parts), starts


def sinking(before: Frames, after: Frames, length: int) -> Frames:
    """The signer sinks from one pose to the next."""
    share = np.linspace(0, 1, length)[:, None, None, None]
    return ((1 - share) * before[-1] + share * after[0]).astype(np.uint8)


def jumping(before: Frames, after: Frames, length: int) -> Frames:
    """The picture stands still, and jumps in the middle."""
    half = length // 2
    return np.concatenate(
        [np.repeat(before[-1:], half, axis=0), np.repeat(after[:1], length - half, axis=0)]
    )
