"""What `recognize` prints and writes of a video."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.pictures.activation_maps import save_activation_strips
from sfsign_jax.pictures.timeline import save_timelines
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import Recognition
from sfsign_jax.recognition.sentences import PAUSE_FRAMES
from sfsign_jax.text import printable
from sfsign_jax.transcripts import WRITERS, Transcript


def stem_of(video: Path, folder: Path | None) -> Path:
    """What its files are called, before their endings: in `folder`, or else beside it."""
    video = video.absolute()
    return (folder or video.parent) / (video.name if video.is_dir() else video.stem)


def recognize_video(recognizer: Recognizer, video: Path, arguments: argparse.Namespace) -> None:
    """Print what is signed in a video, and write it in the formats asked for."""
    rate = arguments.frame_rate or recognizer.preprocessing.frame_rate
    max_pixels = round(arguments.max_megapixels * 1e6)
    opened = open_video(video, rate, max_pixels)
    timed = set(arguments.format) & set(WRITERS)
    if opened.rate is None and (timed or arguments.pause):
        raise UserError(f"{video} is a folder: say with --frame_rate how fast its frames follow")
    pause_frames = PAUSE_FRAMES
    if arguments.pause and opened.rate:
        pause_frames = round(arguments.pause * opened.rate)
    frames = tqdm(
        opened.frames,
        printable(video.name),
        opened.expected_frames,
        False,
        unit="frame",
        disable=None,
    )
    sentences = []
    for sentence in recognizer.recognize_video(frames, pause_frames):
        sentences.append(sentence)
        tqdm.write(describe_sentence(video, sentence, opened.rate))
        sys.stdout.flush()
    if not sentences:
        print(f"{printable(video)}: (nothing recognised)")
    stem = stem_of(video, arguments.output)
    for kind in arguments.format:
        if kind == "timeline":
            stride = total_stride(recognizer.config.temporal_stack)
            again = open_video(video, rate, max_pixels).frames
            for picture in save_timelines(stem, again, sentences, stride):
                print(f"  picture: {printable(picture)}")
        elif kind != "text":
            # Not NAME.eaf: that may be somebody's own work.
            path = stem.with_name(f"{stem.name}.glosses.{kind}")
            WRITERS[kind](path, Transcript(str(video), opened.rate or 0, sentences))
            print(f"  {kind}: {printable(path)}")
    if arguments.explain:
        again = open_video(video, rate, max_pixels).frames
        stem = stem_of(video, arguments.explain)
        for picture in save_activation_strips(stem, again, sentences, recognizer):
            print(f"  explained: {printable(picture)}")


def describe_sentence(video: Path, sentence: Recognition, rate: float | None) -> str:
    lines = [printable(f"{video}: {' '.join(sentence.glosses)}")]
    for gloss, (first, last) in zip(map(printable, sentence.glosses), sentence.spans, strict=True):
        seconds = f"  {first / rate:6.2f} - {(last + 1) / rate:5.2f} s" if rate else ""
        lines.append(f"  frames {first:4d} - {last:4d}{seconds}  {gloss}")
    return "\n".join(lines)
