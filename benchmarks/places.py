"""How well a model tells when signs are made, on synthetic clips, whose true spans are known.

python benchmarks/places.py --checkpoint demo/run/best [--corpus demo] [--seeds 0,7]
    [--plot docs/images/places.png]

IoU, and how far the middle of a span is from the sign's (below 0 where it is early), of the signs
of sentences whose glosses are all recognised rightly; F1 of segments as in action segmentation (a
span counts that has its gloss's sign for itself, overlapping by a tenth, a quarter, a half) over
all. Then the same of videos of five sentences, with pauses of one to three seconds, and how many
videos are cut into five.
"""

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from joined_clips import TOGETHER, Pause, groups, joined, jumping, sinking
from matplotlib.figure import Figure

from sfsign_jax import load
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.recognition.grad_cam import said_in_steps
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import Recognition
from tfds_builders.synthetic_signs.corpus import CorpusConfig, SyntheticClip, make_clip
from tfds_builders.synthetic_signs.synthetic_signs_dataset_builder import Builder

OVERLAPS = (0.1, 0.25, 0.5)
PAUSE_FRAMES = (25, 75)  # least and most
CLIPS_SHOWN = 4

Span = tuple[int, int]  # first and last frame


class Segment(NamedTuple):
    gloss: str
    span: Span


Pair = tuple[list[Segment], list[Segment]]  # what is found in a sentence, and what is there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--corpus", choices=[*Builder.builder_configs], default="demo")
    parser.add_argument("--seeds", default="0,7", help="of the clips; that of the corpus is 0")
    parser.add_argument("--plot", type=Path, help="draw a few clips of dev there, and no table")
    arguments = parser.parse_args()
    recognizer = load(arguments.checkpoint)
    if arguments.plot:
        plot(recognizer, Builder.builder_configs[arguments.corpus].corpus, arguments.plot)
        return
    print(recognizer.timing)
    print("| | right | IoU | half or more | none | middle off, bias | F1 at 10, 25, 50 % | cut |")
    print("|---|---|---|---|---|---|---|---|")
    for seed in map(int, arguments.seeds.split(",")):
        corpus = dataclasses.replace(Builder.builder_configs[arguments.corpus].corpus, seed=seed)
        for split in ("dev", "test"):
            print(f"| {split}, seed {seed} | {row(clip_pairs(recognizer, corpus, split))} | |")
        for name, pause in (("sink", sinking), ("jump", jumping)):
            videos = [*video_pairs(recognizer, corpus, pause)]
            cut = sum(len(pairs) == TOGETHER for pairs in videos)
            pairs = [pair for video in videos for pair in video]
            print(f"| joined, {name}, seed {seed} | {row(pairs)} | {cut} of {len(videos)} |")


def clip_pairs(recognizer: Recognizer, corpus: CorpusConfig, split: str) -> list[Pair]:
    """Of each clip by itself."""
    clips = (make_clip(corpus, split, number) for number in range(corpus.clips[split]))
    return [
        (segments(recognizer.recognize(as_stored(clip.frames))), true_segments(clip))
        for clip in clips
    ]


def video_pairs(recognizer: Recognizer, corpus: CorpusConfig, pause: Pause) -> Iterator[list[Pair]]:
    """Of each video of dev: of its sentences, or where these are not five, of the whole."""
    random = np.random.default_rng(corpus.seed)
    for clips in groups(corpus, "dev"):
        least, most = PAUSE_FRAMES
        lengths = random.integers(least, most, TOGETHER - 1, endpoint=True)
        frames, starts = joined(clips, pause, lengths.tolist())
        found = [*map(segments, recognizer.recognize_video(iter(as_stored(frames))))]
        true = [*map(true_segments, clips, starts)]
        if len(found) == len(true):
            yield [*zip(found, true, strict=True)]
        else:
            yield [([*chain(*found)], [*chain(*true)])]


def segments(sentence: Recognition) -> list[Segment]:
    return [*map(Segment, sentence.glosses, sentence.spans)]


def true_segments(clip: SyntheticClip, start: int = 0) -> list[Segment]:
    """Of a clip that begins with frame `start` of its video."""
    spans = ((first + start, last + start) for first, last in clip.spans)
    return [*map(Segment, clip.glosses, spans)]


def as_stored(frames: np.ndarray) -> np.ndarray:
    """As the corpus has them, which stores JPEG."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, 95)
    files = (cv2.imencode(".jpg", frame[..., ::-1], quality)[1] for frame in frames)
    return np.stack([cv2.imdecode(file, cv2.IMREAD_COLOR_RGB) for file in files])


def row(pairs: Sequence[Pair]) -> str:
    right = [(found, true) for found, true in pairs if glosses(found) == glosses(true)]
    signs = [sign for pair in right for sign in zip(*pair, strict=True)]
    overlaps = np.array([iou(a.span, b.span) for a, b in signs])
    off = np.array([(sum(a.span) - sum(b.span)) / 2 for a, b in signs])
    cells = [
        f"{len(right)} of {len(pairs)}",
        f"{overlaps.mean():.2f}",
        f"{100 * (overlaps >= 0.5).mean():.0f} %",
        f"{100 * (overlaps == 0).mean():.1f} %",
        f"{np.abs(off).mean():.2f}, {off.mean():+.2f}",
        ", ".join(f"{100 * segment_f1(pairs, least):.0f}" for least in OVERLAPS),
    ]
    return " | ".join(cells)


def glosses(segments: Sequence[Segment]) -> list[str]:
    return [segment.gloss for segment in segments]


def iou(a: Span, b: Span) -> float:
    """Frames that both have, of those that one of them has."""
    both = min(a[1], b[1]) - max(a[0], b[0]) + 1
    return max(both, 0) / (a[1] - a[0] + b[1] - b[0] + 2 - max(both, 0))


def segment_f1(pairs: Sequence[Pair], least: float) -> float:
    """Of what was found and what is there, with every sign found once."""
    hits = sum(len([*matches(found, true, least)]) for found, true in pairs)
    return 2 * hits / sum(len(found) + len(true) for found, true in pairs)


def matches(found: list[Segment], true: list[Segment], least: float) -> Iterator[Segment]:
    left = list(true)
    for segment in found:
        same = [other for other in left if other.gloss == segment.gloss]
        best = max(same, key=lambda other: iou(segment.span, other.span), default=None)
        if best is not None and iou(segment.span, best.span) >= least:
            left.remove(best)
            yield segment


def plot(recognizer: Recognizer, corpus: CorpusConfig, path: Path) -> None:
    """The first clips of dev with three glosses or more, all right: signs, steps, spans."""
    clips = (make_clip(corpus, "dev", number) for number in range(corpus.clips["dev"]))
    long = (clip for clip in clips if len(clip.glosses) > 2)
    results = ((clip, recognizer.recognize(as_stored(clip.frames))) for clip in long)
    right = ((clip, result) for clip, result in results if clip.glosses == result.glosses)
    shown = [*islice(right, CLIPS_SHOWN)]
    figure = Figure(figsize=(8, 1.1 * len(shown)), layout="constrained")
    for axes, (clip, result) in zip(figure.subplots(len(shown), 1), shown, strict=True):
        stride = total_stride(recognizer.config.temporal_stack)
        steps = [
            (first * stride, (last + 1) * stride - 1) for _, first, last in said_in_steps(result)
        ]
        for row, spans in enumerate((clip.spans, steps, result.spans)):
            for number, (gloss, (first, last)) in enumerate(zip(clip.glosses, spans, strict=True)):
                axes.barh(row, last + 1 - first, left=first, height=0.8, color=f"C{number}")
                if row == 0:
                    middle = (first + last + 1) / 2
                    axes.text(middle, row, gloss, ha="center", va="center", size=6, color="white")
        axes.set(xlim=(0, len(clip.frames)), ylim=(2.5, -0.5))
        axes.set_yticks(range(3), ["signed", "the network's steps", "found"], fontsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    axes.set_xlabel("frame")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
