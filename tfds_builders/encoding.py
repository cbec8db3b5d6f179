"""The frames of a clip as they are stored: the original bytes, or resized and encoded anew."""

import concurrent.futures
import functools
import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from sfsign_jax.data.frames import (
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
    run goes on where it was.
    """
    encode = functools.partial(encode_clip, frame_format=frame_format, unfinished=unfinished)
    unfinished.mkdir(parents=True, exist_ok=True)
    workers = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        ahead = 4 * workers  # clips, so that memory does not grow with the dataset
        waiting = [pool.submit(encode, source) for source in sources[:ahead]]
        try:
            for i in range(len(sources)):
                yield waiting[0].result()
                del waiting[0]
                waiting += [pool.submit(encode, source) for source in sources[i + ahead :][:1]]
        finally:
            for future in waiting:
                future.cancel()


def encode_clip(source: ClipSource, frame_format: FrameFormat, unfinished: Path) -> EncodedClip:
    """One clip; what is wrong with it comes back as its problem.

    Raises:
        UserError: `unfinished` can't be written, as when the disk is full.
    """
    try:
        kept = unfinished / f"{fingerprint(source)}.zip"
        if zipfile.is_zipfile(kept):
            return EncodedClip(source, read_kept(kept))
        frames, changed = encode_frames(source, frame_format)
    except (UserError, OSError, cv2.error, zipfile.BadZipFile) as error:
        return EncodedClip(source, [], f"{source.row}: clip {source.id}: {error}")
    if changed:
        with replacing(kept) as path, zipfile.ZipFile(path, "w") as archive:
            for i, frame in enumerate(frames):
                archive.writestr(f"{i:06d}", frame)
    return EncodedClip(source, frames)


def fingerprint(source: ClipSource) -> str:
    """A name for the clip's frames as they are now: other frames are other names."""
    if not source.frames.exists():
        raise UserError(f"there is no frame in {source.frames}")
    files = image_files(source.frames) if source.frames.is_dir() else [source.frames]
    stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    text = repr((source.id, str(source.frames.absolute()), stats))
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
