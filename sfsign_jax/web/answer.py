"""What a video is recognised as, with the files a visitor may take home."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from sfsign_jax.data.remarks import collected_remarks
from sfsign_jax.data.videos import open_video
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.pictures.timeline import frames_of, timeline
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import Recognition
from sfsign_jax.transcripts import WRITERS, Transcript
from sfsign_jax.web.limits import Limits, admitted

ReportProgress = Callable[[int, int | None, str], object]  # done, of how many, of what


class Answer(NamedTuple):
    transcript: Transcript
    frames: int  # of the video, at the transcript's rate
    pictures: Sequence[bytes]  # a timeline of each sentence, as WebP
    files: dict[str, bytes]  # by format
    remarks: Sequence[str]  # of what is wrong with the video
    vocabulary: Sequence[str]


def recognize(
    recognizer: Recognizer, video: Path, limits: Limits, progress: ReportProgress
) -> Answer:
    """What is signed in a video file within the limits.

    Raises:
        UserError: it can't be read, is too long, or has frames that are too large.
    """
    max_pixels = round(limits.megapixels * 1e6)
    num_frames = 0

    def seen(frame: int) -> None:
        nonlocal num_frames
        num_frames = frame
        progress(frame, opened.expected_frames, "frames")

    with collected_remarks() as remarks:
        opened = open_video(video, recognizer.preprocessing.frame_rate, max_pixels)
        rate = opened.rate or 1.0
        sentences = list(recognizer.recognize_video(admitted(opened, video, limits.minutes, seen)))
        shown = list(pictures(recognizer, video, max_pixels, sentences, progress))
    transcript = Transcript(video.name, rate, sentences)
    return Answer(
        transcript,
        num_frames,
        shown,
        files_of(transcript),
        [remark.replace(str(video), video.name) for remark in remarks],
        recognizer.required_vocabulary(),
    )


def pictures(
    recognizer: Recognizer,
    video: Path,
    max_pixels: int,
    sentences: Sequence[Recognition],
    progress: ReportProgress,
) -> Iterator[bytes]:
    opened = open_video(video, recognizer.preprocessing.frame_rate, max_pixels)
    stride = total_stride(recognizer.config.temporal_stack)
    for number, (shown, sentence) in enumerate(frames_of(opened.frames, sentences), 1):
        progress(number, len(sentences), "pictures")
        image = BytesIO()
        # A fifth of PNG's size, which counts where a video has a hundred sentences.
        timeline(shown, sentence, stride).savefig(image, dpi=110, format="webp")
        yield image.getvalue()


def files_of(transcript: Transcript) -> dict[str, bytes]:
    """The transcript of a video, which is no path, in every format."""
    return {kind: written(kind, transcript) for kind in WRITERS}


def written(kind: str, transcript: Transcript) -> bytes:
    if kind == "eaf":
        # ELAN's files name a video by its whole path: not by one of this machine. ELAN then looks
        # for it beside its file.
        transcript = transcript._replace(video=f"/{transcript.video}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")  # and not as somebody's browser has it
        WRITERS[kind](path, transcript)
        return path.read_bytes()
