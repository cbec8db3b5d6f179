"""Word error rate of live recognition against its delay, and how fast it goes.

python benchmarks/live_delay.py --checkpoint demo/run/best [--plot docs/images/live_delay.png]

Sentences of the synthetic corpus's dev split, five of a signer after one another with pauses of a
second in which the signer sinks from one pose to the next.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from joined_clips import TOGETHER, groups, joined, sinking
from matplotlib.figure import Figure

from sfsign_jax import load
from sfsign_jax.evaluation.word_errors import align, alignment_errors
from sfsign_jax.recognition.live import live_glosses
from tfds_builders.synthetic_signs.corpus import DEMO

RATE = 25
DELAYS = (0.25, 0.5, 1.0, 2.0)  # seconds
HOP = 4  # frames
PAUSE_FRAMES = 25  # frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--plot", type=Path, default=Path("docs/images/live_delay.png"))
    arguments = parser.parse_args()
    recognizer = load(arguments.checkpoint)
    videos = list(joined_clips())
    references = {str(i): glosses for i, (_, glosses) in enumerate(videos)}
    rates = {}
    for delay_seconds in DELAYS:
        start = time.perf_counter()
        found = {
            str(i): [
                gloss
                for gloss, _ in live_glosses(
                    recognizer,
                    frames,
                    delay_frames=round(delay_seconds * RATE),
                    hop_frames=HOP,
                    pause_frames=PAUSE_FRAMES * 2 // 3,
                )
            ]
            for i, (frames, _) in enumerate(videos)
        }
        rates[f"{delay_seconds:g} s"] = error_rate(references, found)
        seconds = time.perf_counter() - start
        speed = sum(len(frames) for frames, _ in videos) / seconds
        rate = rates[f"{delay_seconds:g} s"]
        print(f"| {delay_seconds:g} s | {rate:.1f} % | {speed:.0f} frames/s |", flush=True)
    whole = {
        str(i): [
            gloss
            for sentence in recognizer.recognize_video(frames, PAUSE_FRAMES * 2 // 3)
            for gloss in sentence.glosses
        ]
        for i, (frames, _) in enumerate(videos)
    }
    rates["whole"] = error_rate(references, whole)
    print(f"| whole video | {rates['whole']:.1f} % | |")
    plot(rates, arguments.plot)


def joined_clips() -> Iterator[tuple[np.ndarray, list[str]]]:
    """Frames and glosses of each video."""
    for clips in groups(DEMO, "dev"):
        frames, _ = joined(clips, sinking, [PAUSE_FRAMES] * (TOGETHER - 1))
        yield frames, [gloss for clip in clips for gloss in clip.glosses]


def error_rate(references: dict[str, list[str]], found: dict[str, list[str]]) -> float:
    """Nothing is merged: the same gloss may end one sentence and begin the next."""
    aligned = (align(references[video], found[video]) for video in references)
    return alignment_errors(itertools.chain.from_iterable(aligned)).rate


def plot(rates: dict[str, float], path: Path) -> None:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(rates), list(rates.values()), "o-")
    axes.set(xlabel="delay", ylabel="word error rate (%)", ylim=(0, 1.1 * max(rates.values())))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
