"""The frames of a clip as they are stored: the original bytes, or resized and encoded anew."""

import concurrent.futures
import functools
import hashlib
import itertools
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from sfsign_jax.data.frames import (
    Frame,
    decode_frame,
    image_bytes,
    image_files,
    resize_frames,
)
from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.videos import video_frames
from sfsign_jax.errors import UserError
from sfsign_jax.files import replacing
from tfds_builders.annotations import ClipSource
from tfds_builders.video_parts import parts_of


class FrameFormat(NamedTuple):
    size: tuple[int, int]  # height, width as stored
    quality: int | None = None  # of JPEG; None keeps the original bytes, or PNG where resized
    max_pixels: int = MAX_PIXELS  # of an original frame; larger ones are refused


class EncodedClip(NamedTuple):
    source: ClipSource
    frames: list[bytes]
    problem: str = ""  # why there are none


def encoded_clips(
    sources: Sequence[ClipSource], frame_format: FrameFormat, unfinished: Path
) -> Iterator[EncodedClip]:
    """The clips in their order, encoded in parallel.

    In threads: OpenCV and PyAV let go of Python's lock while they work, and threads leave nothing
    behind when the run is killed.

    What was encoded anew is kept below `unfinished` until it is deleted, so that an interrupted
    run goes on where it was. So are the parts of one video, which is read once for all of those
    that follow each other.
    """
    encode = functools.partial(encode_run, frame_format=frame_format, unfinished=unfinished)
    runs = runs_of(sources)
    unfinished.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        ahead = 4 * workers  # clips, so that memory does not grow with the dataset
        waiting = [pool.submit(encode, run) for run in runs[:ahead]]
        try:
            for i in range(len(runs)):
                for clip in waiting[0].result():
                    yield with_frames(clip, unfinished)
                del waiting[0]
                waiting += [pool.submit(encode, run) for run in runs[i + ahead :][:1]]
        finally:
            for future in waiting:
                future.cancel()


def runs_of(sources: Sequence[ClipSource]) -> list[list[ClipSource]]:
    """The parts of one video that follow each other; every other clip by itself."""
    keys = [source.frames if source.seconds else i for i, source in enumerate(sources)]
    groups = itertools.groupby(zip(keys, sources, strict=True), key=lambda pair: pair[0])
    return [[source for _, source in group] for _, group in groups]


def encode_run(
    run: Sequence[ClipSource], frame_format: FrameFormat, unfinished: Path
) -> list[EncodedClip]:
    """A clip, or parts of one video; the frames of those are on disk alone.

    Raises:
        UserError: as for `encode_clip`.
    """
    if run[0].seconds is None:
        return [encode_clip(source, frame_format, unfinished) for source in run]
    path = run[0].frames
    if not path.is_file():
        return [failed(source, f"there is no video {path}") for source in run]
    kept = [kept_frames(source, unfinished) for source in run]
    missing = [i for i, archive in enumerate(kept) if not zipfile.is_zipfile(archive)]
    spans = [run[i].seconds or (0.0, 0.0) for i in missing]

    def encode(frame: Frame) -> bytes:
        resized = resize_frames(frame[None], frame_format.size)[0]
        return encode_frame(resized, frame_format.quality)

    clips = [EncodedClip(source, []) for source in run]
    if missing:
        for i, frames, problem in parts_of(path, spans, encode, frame_format.max_pixels):
            if problem:
                clips[missing[i]] = failed(run[missing[i]], problem)
            else:
                keep(kept[missing[i]], frames)
    return clips


def with_frames(clip: EncodedClip, unfinished: Path) -> EncodedClip:
    """The parts of a long video wait on disk, not in memory."""
    if clip.frames or clip.problem:
        return clip
    return clip._replace(frames=read_kept(kept_frames(clip.source, unfinished)))


def failed(source: ClipSource, problem: object) -> EncodedClip:
    return EncodedClip(source, [], f"{source.row}: clip {source.id}: {problem}")


def encode_clip(source: ClipSource, frame_format: FrameFormat, unfinished: Path) -> EncodedClip:
    """One clip; what is wrong with it comes back as its problem.

    Raises:
        UserError: `unfinished` can't be written, as when the disk is full.
    """
    try:
        kept = kept_frames(source, unfinished)
        if zipfile.is_zipfile(kept):
            return EncodedClip(source, read_kept(kept))
        frames, changed = encode_frames(source, frame_format)
    except (UserError, OSError, cv2.error, zipfile.BadZipFile) as error:
        return failed(source, error)
    if changed:
        keep(kept, frames)
    return EncodedClip(source, frames)


def kept_frames(source: ClipSource, unfinished: Path) -> Path:
    return unfinished / f"{fingerprint(source)}.zip"


def keep(kept: Path, frames: Sequence[bytes]) -> None:
    with replacing(kept) as path, zipfile.ZipFile(path, "w") as archive:
        for i, frame in enumerate(frames):
            archive.writestr(f"{i:06d}", frame)


def fingerprint(source: ClipSource) -> str:
    """A name for the clip's frames as they are now: other frames are other names."""
    if not source.frames.exists():
        raise UserError(f"there is no frame in {source.frames}")
    files = image_files(source.frames) if source.frames.is_dir() else [source.frames]
    stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    text = repr((source.id, str(source.frames.absolute()), source.seconds, stats))
    return hashlib.sha256(text.encode()).hexdigest()


def read_kept(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in sorted(archive.namelist())]


def encode_frames(source: ClipSource, frame_format: FrameFormat) -> tuple[list[bytes], bool]:
    """The frames as they are stored, and whether they are other bytes than before.

    Raises:
        UserError: there is no frame, or one is no whole image or too large.
    """
    if source.frames.is_file():
        # One at a time: recordings are larger than clips.
        frames = video_frames(source.frames, frame_format.max_pixels)
        resized = (resize_frames(frame[None], frame_format.size)[0] for frame in frames)
        return [encode_frame(frame, frame_format.quality) for frame in resized], True
    files = image_files(source.frames) if source.frames.is_dir() else []
    if not files:
        raise UserError(f"there is no frame in {source.frames}")
    encoded, changed = [], False
    for file in files:
        data = image_bytes(file, frame_format.max_pixels)
        frame = decode_frame(data, str(file))
        if frame.shape[:2] != frame_format.size or frame_format.quality is not None:
            changed = True
            resized = resize_frames(frame[None], frame_format.size)[0]
            data = encode_frame(resized, frame_format.quality)
        encoded.append(data)
    return encoded, changed


def encode_frame(frame: np.ndarray, quality: int | None) -> bytes:
    """PNG, or JPEG of a quality from 1 to 100."""
    suffix, options = ".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]
    if quality is not None:
        suffix, options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(suffix, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise UserError(f"a frame of {frame.shape} can't be encoded as {suffix}")
    return data.tobytes()
