"""Opening video files: the file itself and nothing else, and the stream in it that plays."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from sfsign_jax.data.picture_size import MAX_PIXELS, check_size
from sfsign_jax.errors import UserError

# FFmpeg's demuxers of files that hold all they show. Playlists and scripts (hls, dash, concat, sdp,
# image2) are not among them: they name other files. Sound is, for its own message.
FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,gif,apng,mxf,gxf,wtv,nut,dv,ivf,obu,"
    "yuv4mpegpipe,h261,h263,h264,hevc,vvc,av1,m4v,mjpeg,vc1,avs2,wav,mp3,aac,flac"
)

MOST_AT_A_TIME = 2**23  # pixels: 4K
STILL = ("mjpeg", "png", "bmp", "gif", "webp", "tiff")  # codecs of covers that are not marked


@contextlib.contextmanager
def open_stream(
    path: Path, max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A video file and the stream in it that plays, its frames not larger than `max_pixels`.

    Raises:
        UserError: it is no video file, or its frames are too large.
    """
    # With the protocol before it, `http:x.mp4` or `pipe:0` is a file of that name.
    with opened(f"file:{path.absolute()}", path, max_pixels) as container:
        stream = playing_stream(container, path, max_pixels)
        # Large frames are not decoded several at a time: 8K would take gigabytes.
        large = stream.codec_context.width * stream.codec_context.height > MOST_AT_A_TIME
        stream.thread_type = "SLICE" if large else "AUTO"
        yield container, stream


def opened(
    file: Any, path: Path, max_pixels: int = MAX_PIXELS, **options: str
) -> av.container.InputContainer:
    """What FFmpeg makes of a file; `path` is its name in messages.

    Raises:
        UserError: it is no video file.
    """
    options |= {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "max_pixels": str(max_pixels),  # of the frames that are decoded to find out what it is
    }
    try:
        return av.open(file, "r", options=options, metadata_errors="replace")
    except av.ArgumentError as error:
        reason = "it is of no video format, perhaps a playlist: give the video itself"
        raise UserError(f"{path} can't be read as a video: {reason}") from error
    except av.FFmpegError as error:
        empty = path.is_file() and path.stat().st_size == 0
        reason = "it is empty (0 bytes)" if empty else str(error.strerror)
        raise UserError(f"{path} can't be read as a video: {reason}") from error


def playing_stream(
    container: av.container.InputContainer, path: Path, max_pixels: int = MAX_PIXELS
) -> av.VideoStream:
    """The stream that players show: no cover picture.

    Raises:
        UserError: there is none, or none that can be decoded, or its frames are too large.
    """
    streams = [s for s in container.streams.video if Disposition.attached_pic not in s.disposition]
    if not streams:
        raise UserError(f"{path} has no video stream")
    streams = [s for s in streams if s.codec_context]
    if not streams:
        raise UserError(f"{path} can't be read as a video: there is no decoder for it here")
    moving = [s for s in streams if s.codec_context.name not in STILL and s.frames != 1] or streams
    best = container.streams.best("video")
    stream = best if best in moving else moving[0]
    check_size(stream.codec_context.width, stream.codec_context.height, str(path), max_pixels)
    # A stream may hold larger frames than its header says.
    stream.codec_context.options = {"max_pixels": str(max_pixels)}
    return stream
