"""Pictures of what was recognised: frames above, gloss posteriors below."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sfsign_jax.data.frames import Frame
from sfsign_jax.files import replacing
from sfsign_jax.recognition.result import Recognition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FRAMES_SHOWN = 12
HEIGHT = 128  # pixels of a frame
WIDEST = 4 * HEIGHT  # as which a frame is drawn that is a line and no picture


def save_timelines(
    stem: Path, frames: Iterable[Frame], sentences: Sequence[Recognition], stride: int
) -> Iterator[Path]:
    """Write a PNG of each sentence: STEM.timeline.png, of several STEM.timeline/001.png, …

    `frames` are those of the video from its first one, `stride` is the number of frames of a step.

    Raises:
        UserError: nothing can be written there.
    """
    folder = stem.with_name(f"{stem.name}.timeline")
    paths = [folder / f"{number:03d}.png" for number in range(1, len(sentences) + 1)]
    if len(paths) == 1:
        paths = [stem.with_name(f"{stem.name}.timeline.png")]
    elif paths:
        folder.mkdir(exist_ok=True)
    for path, (shown, sentence) in zip(paths, frames_of(frames, sentences), strict=True):
        with replacing(path) as temporary:
            timeline(shown, sentence, stride).savefig(temporary, dpi=110, format="png")
        yield path


def frames_of(
    frames: Iterable[Frame], sentences: Sequence[Recognition]
) -> Iterator[tuple[dict[int, Frame], Recognition]]:
    """A few frames of each sentence, small, by their number: one pass over the video."""
    numbered = enumerate(frames)
    for sentence in sentences:
        first, last = sentence.frames
        wanted = np.linspace(first, last, min(FRAMES_SHOWN, last - first + 1)).round().astype(int)
        shown = {}
        for number, frame in numbered:
            if number in wanted:
                width = round(frame.shape[1] * HEIGHT / frame.shape[0])
                width = min(max(width, 1), WIDEST)
                shown[number] = cv2.resize(frame, (width, HEIGHT), interpolation=cv2.INTER_AREA)
            if number == last:
                break
        yield shown, sentence


def timeline(shown: dict[int, Frame], sentence: Recognition, stride: int) -> "Figure":
    """The frames, the posterior of each recognised gloss over time and, shaded and named, the
    span of each gloss."""
    from matplotlib.figure import Figure

    start, end = sentence.frames[0], sentence.frames[1] + 1
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1, 1.7))
    images = list(shown.values())
    top.imshow(np.concatenate(images, axis=1))
    middles = (np.arange(len(images)) + 0.5) * images[0].shape[1]
    top.set_xticks(middles, [f"frame {number}" for number in shown], fontsize=8)
    top.set_yticks([])

    # Where the signs are that are said in them.
    steps = start + (np.arange(len(sentence.posteriors)) + 0.5) * stride - sentence.lag
    bottom.plot(steps, sentence.posteriors[:, 0], color="0.75", label="blank")
    glosses = list(dict.fromkeys(sentence.glosses))
    colours = {gloss: f"C{i % 10}" for i, gloss in enumerate(glosses)}
    for gloss, token in zip(sentence.glosses, sentence.tokens, strict=True):
        bottom.plot(steps, sentence.posteriors[:, token], color=colours[gloss], marker=".")
    for gloss, (first, last) in zip(sentence.glosses, sentence.spans, strict=True):
        bottom.axvspan(first, last + 1, color=colours[gloss], alpha=0.15, lw=0)
        middle = (first + last + 1) / 2
        bottom.text(
            middle,
            1.03,
            gloss,
            ha="center",
            va="bottom",
            color=colours[gloss],
            rotation=20,
            parse_math=False,  # $ is a sign like any other
        )
    bottom.set(xlim=(start, end), ylim=(0, 1.3), xlabel="frame", ylabel="probability")
    bottom.set_yticks([0, 0.5, 1])
    bottom.xaxis.get_major_locator().set_params(integer=True)
    bottom.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    for side in ("top", "right"):
        bottom.spines[side].set_visible(False)
    return figure
