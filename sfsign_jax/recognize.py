"""Recognises the signing in videos of any length.

python -m sfsign_jax.recognize --checkpoint DIR VIDEO_OR_FRAME_FOLDER ...

Prints the glosses of every sentence as soon as it has ended. A sentence ends where no gloss is
seen for a while (--pause). Files are written beside each video, or to the folder --output.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from sfsign_jax.command_line.arguments import MAX_MEGAPIXELS, frame_rate, positive
from sfsign_jax.command_line.run import print_error, run_command_line
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.pictures.activation_maps import save_activation_strips
from sfsign_jax.pictures.timeline import save_timelines
from sfsign_jax.recognition.probe import probe_recognition
from sfsign_jax.recognition.recognizer import PAUSE_FRAMES, Recognizer, load
from sfsign_jax.recognition.result import Recognition
from sfsign_jax.runtime import devices
from sfsign_jax.text import printable
from sfsign_jax.transcripts import WRITERS, Transcript

FORMATS = ("timeline", "text", *WRITERS)


def main() -> None:
    arguments = parse_arguments()
    videos = arguments.videos
    if arguments.output and not arguments.output.is_dir():
        raise UserError(f"there is no folder {arguments.output} to write to")
    if arguments.explain:
        check_names([stem_of(video, arguments.explain) for video in videos])
        arguments.explain.mkdir(parents=True, exist_ok=True)
    check_names([stem_of(video, arguments.output) for video in videos])
    devices.start(arguments.platform, probe_recognition)
    recognizer = load(arguments.checkpoint)
    failures = 0
    for video in videos:
        try:
            recognize_video(recognizer, video, arguments)
        except UserError as error:
            if len(videos) == 1:
                raise
            print_error(f"error: {error}")
            failures += 1
    if failures:
        print(f"{failures} of {len(videos)} videos could not be recognised", file=sys.stderr)
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.recognize",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", required=True, type=Path, help="a checkpoint folder")
    add("--output", type=Path, help="folder of the files; default: beside each video")
    add(
        "--format",
        action="append",
        choices=FORMATS,
        help="what to write beside what is printed, several if given several times; eaf is ELAN's, "
        "text is nothing; default: timeline, a picture of each sentence",
    )
    add(
        "--frame_rate",
        type=frame_rate,
        help="show videos at so many frames a second; default: as in training, where the "
        "checkpoint knows it, or else as they are",
    )
    add(
        "--pause",
        type=positive,
        metavar="SECONDS",
        help=f"how long no gloss is seen between two sentences; default: {PAUSE_FRAMES} frames",
    )
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="a folder for a picture of each gloss: where the network looked, and when",
    )
    add("--max_megapixels", **MAX_MEGAPIXELS)
    add("--platform", default="auto", choices=devices.PLATFORMS)
    add("videos", nargs="+", type=Path, help="video files or folders of frames")
    arguments = parser.parse_args()
    arguments.format = arguments.format or ["timeline"]
    return arguments


def stem_of(video: Path, folder: Path | None) -> Path:
    """What its files are called, before their endings: in `folder`, or else beside it."""
    video = video.absolute()
    return (folder or video.parent) / (video.name if video.is_dir() else video.stem)


def check_names(stems: list[Path]) -> None:
    """Raises UserError where two videos would be written to the same files."""
    for stem, number in Counter(stems).items():
        if number > 1:
            raise UserError(
                f"{number} of the videos are called {stem.name}: what is written for them would "
                "have the same name; recognise them one after the other, with different --output"
            )


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


if __name__ == "__main__":
    run_command_line(main)
