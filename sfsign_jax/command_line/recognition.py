"""What `recognize` and `align` print and write of a video."""

import argparse
import functools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from sfsign_jax.command_line.run import print_error
from sfsign_jax.data.frames import Frame
from sfsign_jax.data.videos import Video, open_video
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.pictures.activation_maps import save_activation_strips
from sfsign_jax.pictures.timeline import save_timelines
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import DOUBTFUL, Recognition
from sfsign_jax.text import printable
from sfsign_jax.transcripts import WRITERS, Transcript
from tfds_builders.annotations import ClipSource
from tfds_builders.custom_corpus.annotations import video_sources

NO_RATE = "{} is a folder: say with --frame_rate how fast its frames follow"


def check_output(arguments: argparse.Namespace) -> None:
    """Raises UserError where files can't be written."""
    if arguments.output and not arguments.output.is_dir():
        raise UserError(f"there is no folder {arguments.output} to write to")


def check_names(videos: Sequence[Path], folder: Path | None) -> None:
    """Raises UserError where two videos would be written to the same files."""
    for stem, number in Counter(stem_of(video, folder) for video in videos).items():
        if number > 1:
            raise UserError(
                f"{number} of the videos are called {stem.name}: what is written for them would "
                "have the same name; leave --output out, or give each an --output of its own"
            )


def stem_of(video: Path, folder: Path | None) -> Path:
    """What its files are called, before their endings: in `folder`, or else beside it."""
    video = video.absolute()
    return (folder or video.parent) / (video.name if video.is_dir() else video.stem)


def each_video(work: Sequence[Callable[[], None]], done: str) -> None:
    """Does it, whatever becomes of the videos before; ends with status 1 where one was not `done`.

    Raises:
        UserError: the only one failed.
    """
    failures = 0
    for of_video in work:
        try:
            of_video()
        except UserError as error:
            if len(work) == 1:
                raise
            print_error(f"error: {error}")
            failures += 1
    if failures:
        print(f"{failures} of {len(work)} videos could not be {done}", file=sys.stderr)
        sys.exit(1)


def recognize_video(recognizer: Recognizer, video: Path, arguments: argparse.Namespace) -> None:
    """Print what is signed in a video, and write it in the formats asked for."""
    opened = opened_video(recognizer, video, arguments)
    if opened.rate is None and arguments.pause:
        raise UserError(NO_RATE.format(video))
    pause_frames = None
    if arguments.pause and opened.rate:
        pause_frames = round(arguments.pause * opened.rate)
    sentences = []
    for sentence in recognizer.recognize_video(with_progress(opened, video), pause_frames):
        sentences.append(sentence)
        tqdm.write(describe_sentence(video, sentence, opened.rate))
        sys.stdout.flush()
    if not sentences:
        print(f"{printable(video)}: (nothing recognised)")
    write_files(recognizer, video, sentences, opened.rate, arguments)
    if arguments.explain:
        again = opened_video(recognizer, video, arguments).frames
        stem = stem_of(video, arguments.explain)
        for picture in save_activation_strips(stem, again, sentences, recognizer):
            print(f"  explained: {printable(picture)}")


def align_table(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """`align_video` of every row of a table; ends with status 1 where one can't be aligned."""
    recognizer.required_vocabulary()  # not said again for every row
    rows = video_sources(arguments.table, allow_outside=arguments.allow_outside)
    check_names([row.frames for row in rows], arguments.output)
    each_video(
        [functools.partial(align_row, recognizer, row, arguments) for row in rows], "aligned"
    )


def align_row(recognizer: Recognizer, source: ClipSource, arguments: argparse.Namespace) -> None:
    """`align_video` of a row of a table.

    Raises:
        UserError: what went wrong, with the row.
    """
    try:
        align_video(recognizer, source.frames, source.glosses, arguments)
    except UserError as error:
        raise UserError(f"{source.row}: {error}") from error


def align_video(
    recognizer: Recognizer, video: Path, glosses: Sequence[str], arguments: argparse.Namespace
) -> None:
    """Print when the given glosses are signed in a video, and write it in the formats asked for."""
    opened = opened_video(recognizer, video, arguments)
    sentence = recognizer.align_video(with_progress(opened, video), glosses)
    print(describe_sentence(video, sentence, opened.rate))
    (recognised,) = sentence.alternatives
    lost = recognised.log_probability - sentence.log_probability
    if lost > DOUBTFUL * len(glosses):
        print_error(
            f"{video}: these glosses hardly fit the video, in which the model sees "
            f"{' '.join(recognised.glosses) or 'none'}: are they those of another one?"
        )
    write_files(recognizer, video, [sentence], opened.rate, arguments)


def opened_video(recognizer: Recognizer, video: Path, arguments: argparse.Namespace) -> Video:
    """Raises UserError where a format needs times and the video has none."""
    rate = arguments.frame_rate or recognizer.preprocessing.frame_rate
    opened = open_video(video, rate, round(arguments.max_megapixels * 1e6))
    if opened.rate is None and set(formats(arguments)) & set(WRITERS):
        raise UserError(NO_RATE.format(video))
    return opened


def formats(arguments: argparse.Namespace) -> list[str]:
    """Those asked for; argparse would add them to a default."""
    return arguments.format or ["timeline"]


def with_progress(opened: Video, video: Path) -> Iterable[Frame]:
    name, expected = printable(video.name), opened.expected_frames
    return tqdm(opened.frames, name, expected, False, unit="frame", disable=None)


def write_files(
    recognizer: Recognizer,
    video: Path,
    sentences: Sequence[Recognition],
    rate: float | None,
    arguments: argparse.Namespace,
) -> None:
    """In the formats asked for; the name of each is printed."""
    stem = stem_of(video, arguments.output)
    for kind in formats(arguments):
        if kind == "timeline":
            stride = total_stride(recognizer.config.temporal_stack)
            again = opened_video(recognizer, video, arguments).frames
            for picture in save_timelines(stem, again, sentences, stride):
                print(f"  picture: {printable(picture)}")
        elif kind != "text":
            # Not NAME.eaf: that may be somebody's own work.
            path = stem.with_name(f"{stem.name}.glosses.{kind}")
            WRITERS[kind](path, Transcript(str(video), rate or 0, sentences))
            print(f"  {kind}: {printable(path)}")


def describe_sentence(video: Path, sentence: Recognition, rate: float | None) -> str:
    lines = [printable(f"{video}: {' '.join(sentence.glosses)}")]
    for gloss, (first, last) in zip(map(printable, sentence.glosses), sentence.spans, strict=True):
        seconds = f"  {first / rate:6.2f} - {(last + 1) / rate:5.2f} s" if rate else ""
        lines.append(f"  frames {first:4d} - {last:4d}{seconds}  {gloss}")
    return "\n".join(lines)
