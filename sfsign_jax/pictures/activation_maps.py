"""A picture of why: frames around a gloss under the activation maps of each pathway."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from sfsign_jax.data.frames import Frame, as_stored, without_top_rows
from sfsign_jax.files import replacing
from sfsign_jax.recognition.grad_cam import ActivationMap
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import Recognition

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FRAMES_SHOWN = 10
AROUND = 8  # frames before and after the gloss


def save_activation_strips(
    stem: Path, frames: Iterable[Frame], sentences: Sequence[Recognition], recognizer: Recognizer
) -> Iterator[Path]:
    """Write a PNG of each gloss of a video: STEM.001.01.png is sentence 1, gloss 1.

    `frames` are those of the video from its first one. A sentence is explained as a clip of its
    own.

    Raises:
        UserError: nothing can be written there.
    """
    stored = as_stored(frames, recognizer.preprocessing)
    passed = 0
    for number, sentence in enumerate(sentences, 1):
        first, last = sentence.frames
        clip = np.stack([*itertools.islice(stored, first - passed, last + 1 - passed)])
        passed = last + 1
        seen = np.stack([*without_top_rows(clip, recognizer.preprocessing)])
        crops = recognizer.preprocessing.centre_crop(seen)
        for i, maps in enumerate(recognizer.explain(clip, sentence)):
            path = stem.with_name(f"{stem.name}.{number:03d}.{i + 1:02d}.png")
            start, end = sentence.spans[i]
            span = (min(start - first, len(clip) - 1), min(end - first, len(clip) - 1))
            save_activation_strip(path, crops, maps, span, sentence.glosses[i], first)
            yield path


def save_activation_strip(
    path: Path,
    crops: UInt8[np.ndarray, "n height width 3"],
    maps: tuple[ActivationMap, ActivationMap],
    span: tuple[int, int],
    title: str,
    first_frame: int = 0,
) -> None:
    """Write a PNG: where the slow pathway looked, where the fast one did, and when.

    `crops` are what the network sees of a clip whose first frame has the number `first_frame`,
    `span` the gloss's first and last frame in the clip.

    Raises:
        UserError: nothing can be written there.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.6), layout="constrained")
    *rows, curve = figure.subplots(3, 1, height_ratios=(1, 1, 0.9))
    for axes, name, activation in zip(rows, ("slow", "fast"), maps, strict=True):
        near = (activation.frames >= span[0] - AROUND) & (activation.frames <= span[1] + AROUND)
        show_maps(
            axes, crops, ActivationMap(activation.frames[near], activation.maps[near]), first_frame
        )
        axes.set_ylabel(name)
        amount = activation.maps.mean(axis=(1, 2))
        curve.plot(first_frame + activation.frames, amount / (amount.max() or 1), ".-", label=name)
    rows[0].set_title(title, parse_math=False)  # $ is a sign like any other
    curve.axvspan(first_frame + span[0], first_frame + span[1] + 1, color="0.85", lw=0)
    curve.set(xlim=(first_frame, first_frame + len(crops)), xlabel="frame", ylabel="activation")
    curve.set_yticks([0, 1])
    curve.xaxis.get_major_locator().set_params(integer=True)
    curve.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    for side in ("top", "right"):
        curve.spines[side].set_visible(False)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def show_maps(
    axes: "Axes",
    crops: UInt8[np.ndarray, "n height width 3"],
    activation: ActivationMap,
    first_frame: int,
) -> None:
    """A row of frames under their maps; 1 is the highest activation in any of them."""
    shown = np.linspace(
        0, len(activation.frames) - 1, min(FRAMES_SHOWN, len(activation.frames))
    ).round()
    shown = shown.astype(int)
    highest = activation.maps.max() or 1
    pictures = [overlaid(crops[activation.frames[i]], activation.maps[i] / highest) for i in shown]
    axes.imshow(np.concatenate(pictures, axis=1))
    middles = (np.arange(len(shown)) + 0.5) * crops.shape[2]
    numbers = [str(first_frame + activation.frames[i]) for i in shown]
    axes.set_xticks(middles, numbers, fontsize=8)
    axes.set_yticks([])


def overlaid(
    frame: UInt8[np.ndarray, "height width 3"], activation: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "height width 3"]:
    """A frame in grey under its activation: clear below a half, red at 1."""
    height, width = frame.shape[:2]
    activation = cv2.resize(activation, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = np.repeat(frame.mean(axis=2, keepdims=True), 3, axis=2)
    levels = (255 * np.clip(activation, 0, 1)).astype(np.uint8)
    colour = cv2.applyColorMap(levels, cv2.COLORMAP_JET)[..., ::-1]
    opacity = 0.8 * np.clip(2 * activation - 1, 0, 1)[..., None]
    return ((1 - opacity) * grey + opacity * colour).astype(np.uint8)
