"""How well a model tells when signs are made, on synthetic clips, whose true spans are known.

python benchmarks/places.py --checkpoint demo/run/best [--corpus demo] [--seeds 0,7]

IoU, and how far the middle of a span is from the sign's (below 0 where it is early), of the signs
of clips whose glosses are all recognised rightly; F1 of segments as in action segmentation (a span
counts that has its gloss's sign for itself, overlapping by a tenth, a quarter, a half) over all.
"""

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from sfsign_jax import load
from tfds_builders.synthetic_signs.corpus import make_clip
from tfds_builders.synthetic_signs.synthetic_signs_dataset_builder import Builder

OVERLAPS = (0.1, 0.25, 0.5)

Span = tuple[int, int]  # first and last frame


class Segment(NamedTuple):
    gloss: str
    span: Span


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--corpus", choices=[*Builder.builder_configs], default="demo")
    parser.add_argument("--seeds", default="0,7", help="of the clips; that of the corpus is 0")
    arguments = parser.parse_args()
    recognizer = load(arguments.checkpoint)
    corpus = Builder.builder_configs[arguments.corpus].corpus
    print(recognizer.timing)
    print("| clips | right | IoU | half or more | none | middle off, bias | F1 at 10, 25, 50 % |")
    print("|---|---|---|---|---|---|---|")
    for seed in map(int, arguments.seeds.split(",")):
        for split in ("dev", "test"):
            clips = []
            for number in range(corpus.clips[split]):
                clip = make_clip(dataclasses.replace(corpus, seed=seed), split, number)
                result = recognizer.recognize(np.stack([*map(as_stored, clip.frames)]))
                found = [*map(Segment, result.glosses, result.spans)]
                clips.append((found, [*map(Segment, clip.glosses, clip.spans)]))
            print(f"| {split}, seed {seed} | {row(clips)} |", flush=True)


def as_stored(frame: np.ndarray) -> np.ndarray:
    """As the corpus has it, which stores JPEG."""
    _, encoded = cv2.imencode(".jpg", frame[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 95))
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)


def row(clips: Sequence[tuple[list[Segment], list[Segment]]]) -> str:
    right = [(found, true) for found, true in clips if glosses(found) == glosses(true)]
    pairs = [pair for clip in right for pair in zip(*clip, strict=True)]
    overlaps = np.array([iou(a.span, b.span) for a, b in pairs])
    off = np.array([(sum(a.span) - sum(b.span)) / 2 for a, b in pairs])
    cells = [
        f"{len(right)} of {len(clips)}",
        f"{overlaps.mean():.2f}",
        f"{100 * (overlaps >= 0.5).mean():.0f} %",
        f"{100 * (overlaps == 0).mean():.1f} %",
        f"{np.abs(off).mean():.2f}, {off.mean():+.2f}",
        ", ".join(f"{100 * segment_f1(clips, least):.0f}" for least in OVERLAPS),
    ]
    return " | ".join(cells)


def glosses(segments: Sequence[Segment]) -> list[str]:
    return [segment.gloss for segment in segments]


def iou(a: Span, b: Span) -> float:
    """Frames that both have, of those that one of them has."""
    both = min(a[1], b[1]) - max(a[0], b[0]) + 1
    return max(both, 0) / (a[1] - a[0] + b[1] - b[0] + 2 - max(both, 0))


def segment_f1(clips: Sequence[tuple[list[Segment], list[Segment]]], least: float) -> float:
    """Of what was found and what is there, with every sign found once."""
    hits = sum(len([*matches(found, true, least)]) for found, true in clips)
    return 2 * hits / sum(len(found) + len(true) for found, true in clips)


def matches(found: list[Segment], true: list[Segment], least: float) -> Iterator[Segment]:
    left = list(true)
    for segment in found:
        same = [other for other in left if other.gloss == segment.gloss]
        best = max(same, key=lambda other: iou(segment.span, other.span), default=None)
        if best is not None and iou(segment.span, best.span) >= least:
            left.remove(best)
            yield segment


if __name__ == "__main__":
    main()
