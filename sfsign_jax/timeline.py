"""A picture of a recognition: frames above, gloss posteriors below."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from sfsign_jax.recognizer import Recognition

FRAMES_SHOWN = 12


def save_timeline(
    path: Path,
    clip: UInt8[np.ndarray, "n height width 3"],
    recognition: Recognition,
    stride: int,
) -> None:
    """Write a PNG: frames evenly over the clip, the posterior of each recognised gloss over time
    and, shaded and named, the span of each gloss. `stride` is the number of frames of a step."""
    from matplotlib.figure import Figure

    num_frames = len(clip)
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1, 1.7))
    shown = np.linspace(0, num_frames - 1, min(FRAMES_SHOWN, num_frames)).round().astype(int)
    top.imshow(np.concatenate(list(clip[shown]), axis=1))
    width = clip.shape[2]
    top.set_xticks((np.arange(len(shown)) + 0.5) * width, [f"frame {i}" for i in shown], fontsize=8)
    top.set_yticks([])

    steps = np.minimum((np.arange(len(recognition.posteriors)) + 0.5) * stride, num_frames - 0.5)
    bottom.plot(steps, recognition.posteriors[:, 0], color="0.75", label="blank")
    glosses = list(dict.fromkeys(recognition.glosses))
    colours = {gloss: f"C{i % 10}" for i, gloss in enumerate(glosses)}
    for gloss, token in zip(recognition.glosses, recognition.tokens, strict=True):
        bottom.plot(steps, recognition.posteriors[:, token], color=colours[gloss], marker=".")
    for gloss, (first, last) in zip(recognition.glosses, recognition.spans, strict=True):
        bottom.axvspan(first, last + 1, color=colours[gloss], alpha=0.15, lw=0)
        middle = (first + last + 1) / 2
        bottom.text(
            middle, 1.03, gloss, ha="center", va="bottom", color=colours[gloss], rotation=20
        )
    bottom.set(xlim=(0, num_frames), ylim=(0, 1.3), xlabel="frame", ylabel="probability")
    bottom.set_yticks([0, 0.5, 1])
    bottom.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    for side in ("top", "right"):
        bottom.spines[side].set_visible(False)
    unfinished = path.with_name(f".{path.name}.unfinished")
    figure.savefig(unfinished, dpi=110, format="png")
    unfinished.replace(path)
