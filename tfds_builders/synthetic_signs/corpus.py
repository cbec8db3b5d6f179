"""The corpus: which clips there are, and each clip as a function of the config alone."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tfds_builders.synthetic_signs import lengths
from tfds_builders.synthetic_signs.drawing import draw_frames
from tfds_builders.synthetic_signs.grammar import draw_sentence, split_of
from tfds_builders.synthetic_signs.lexicon import DEMO_LEXICON, FULL_LEXICON, Gloss
from tfds_builders.synthetic_signs.motion import sentence_motion
from tfds_builders.synthetic_signs.signers import SIGNERS, Signer

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class CorpusConfig:
    """All that the corpus depends on. The last of ``signers`` appears only in the test split."""

    lexicon: tuple[Gloss, ...]
    signers: tuple[Signer, ...]
    length: Callable[[np.random.Generator, float], tuple[int, int]]
    frame_size: int  # pixels; frames are square
    hand_length: float  # frame heights
    clips: dict[str, int]
    seed: int = 0
    variety: float = 0.1  # of the lengths of signs within a clip


@dataclass(frozen=True)
class SyntheticClip:
    """``spans``: first and last frame of each gloss; ``hand_boxes``: left, top, right, bottom in
    pixels of the dominant and the other hand."""

    id: str
    signer: str
    glosses: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    frames: UInt8[np.ndarray, "t h w 3"]
    hand_boxes: Float[np.ndarray, "t 2 4"]


DEMO = CorpusConfig(
    lexicon=DEMO_LEXICON,
    signers=SIGNERS[:5],
    length=lengths.demo_length,
    frame_size=72,
    hand_length=0.3,
    clips={"train": 640, "dev": 60, "test": 60},
)
SLOW = replace(
    DEMO,
    length=lengths.slow_length,
    variety=0.25,
    clips={"train": 800, "dev": 60, "test": 60},
)
FULL = CorpusConfig(
    lexicon=FULL_LEXICON,
    signers=SIGNERS,
    length=lengths.phoenix_length,
    frame_size=256,
    hand_length=0.21,
    clips={"train": 200, "dev": 40, "test": 40},
)


def make_clip(config: CorpusConfig, split: str, index: int) -> SyntheticClip:
    """Clip number ``index`` of a split; the same arguments give the same clip anywhere."""
    rng = np.random.default_rng([config.seed, SPLITS.index(split), index])
    signers = config.signers if split == "test" else config.signers[:-1]
    signer = signers[index % len(signers)]
    sentence: tuple[Gloss, ...] = ()
    while not sentence or split_of(sentence) != split:
        glosses, frames = config.length(rng, signer.speed)
        sentence = draw_sentence(rng, config.lexicon, glosses)
    poses, spans = sentence_motion(sentence, frames, rng, config.variety)
    drawn, boxes = draw_frames(poses, signer, config.frame_size, config.hand_length)
    return SyntheticClip(
        id=f"{split}-{index:05d}",
        signer=signer.name,
        glosses=tuple(gloss.name for gloss in sentence),
        spans=tuple(spans),
        frames=drawn,
        hand_boxes=boxes,
    )


@dataclass(frozen=True)
class EncodedClip:
    """A clip as it is stored: ``frames`` are JPEG files."""

    id: str
    signer: str
    glosses: tuple[str, ...]
    frames: tuple[bytes, ...]


def encoded_clips(
    config: CorpusConfig, split: str, workers: int | None = None
) -> Iterator[EncodedClip]:
    """All clips of a split in order, drawn by ``workers`` processes (default: one a core)."""
    encode = partial(_encode_clip, config, split)
    indices = range(config.clips[split])
    if workers == 1:
        yield from map(encode, indices)
        return
    # Spawned, not forked: the caller may hold threads (JAX does) that a fork would break.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, cv2.setNumThreads, (1,)) as pool:
        yield from pool.map(encode, indices, chunksize=4)


def _encode_clip(config: CorpusConfig, split: str, index: int) -> EncodedClip:
    clip = make_clip(config, split, index)
    frames = tuple(_encode_jpeg(frame) for frame in clip.frames)
    return EncodedClip(clip.id, clip.signer, clip.glosses, frames)


def _encode_jpeg(frame: UInt8[np.ndarray, "h w 3"]) -> bytes:
    _, encoded = cv2.imencode(".jpg", frame[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 95))
    return encoded.tobytes()
