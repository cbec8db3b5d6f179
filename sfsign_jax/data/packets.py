"""The stored frames of a video, packet by packet: a damaged packet costs that packet."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import av

from sfsign_jax.data.containers import open_stream
from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.remarks import remark
from sfsign_jax.errors import UserError

MOST_FAILURES = 1000  # to read a packet, in a row: then nothing more will come
MOST_REST = 0.25  # of a file after the last packet: sound, padding
MOST_WAITING = 64  # frames that a decoder with threads has when the last packet is read


class Decoded(NamedTuple):
    """What became of a video's packets."""

    frames: int
    missing: int  # packets without a frame
    reason: str  # of the first that could not be decoded; "" where all could
    cut_short: bool  # PyAV ended at an error, though the decoder had more frames
    rest: float  # of the file after the last packet, from 0 to 1, where packets lie in their order


def stored_frames(path: Path, max_pixels: int = MAX_PIXELS) -> Iterator[av.VideoFrame]:
    """Every frame of a file that can be decoded; how many packets can't is said once.

    Raises:
        UserError: it is no video, or no frame can be decoded.
    """
    with open_stream(path, max_pixels) as (container, stream):
        done = yield from decoded(container, stream)
    if done.cut_short:
        with open_stream(path, max_pixels) as (container, stream):
            stream.thread_type = "SLICE"  # no frame waits for others
            done = yield from decoded(container, stream, done.frames)
    check_decoded(done, path)


def check_decoded(done: Decoded, path: Path) -> None:
    """Say what is missing of a video.

    Raises:
        UserError: all of it.
    """
    if not done.frames and done.reason:
        raise UserError(f"{path} can't be read as a video: {done.reason}")
    if not done.frames:
        raise UserError(f"{path} has no frames")
    if done.reason:
        remark(
            f"{path} is damaged: {done.missing} of its packets could not be decoded and are "
            f"left out ({done.reason})"
        )
    if done.rest > MOST_REST:
        remark(
            f"{path} goes on after the video's last frame: if it is several recordings in one "
            "file, those with another stream's number are not read, so give each by itself"
        )


def decoded(
    container: av.container.InputContainer, stream: av.VideoStream, passed: int = 0
) -> Generator[av.VideoFrame, None, Decoded]:
    """The frames of a stream, but for the first, which have `passed` already."""
    read = unreadable = packets = frames = damaged = end = 0
    reason = ""
    for packet in packets_or_errors(container, stream):
        if isinstance(packet, av.FFmpegError):
            unreadable += 1
            reason = reason or reason_of(packet)
            continue
        read += packet.size > 0
        end = packet.pos or end
        packets += packet.size > 0 and not packet.is_discard
        try:
            for frame in packet.decode():
                frames += 1
                if frames > passed:
                    yield frame
        except av.FFmpegError as error:
            damaged += 1
            reason = reason or reason_of(error)
    if unread := max(unreadable, len(whole_index(container, stream)) - read):
        reason = reason or "the file ends early"
    missing = packets - frames
    cut_short = not passed and damaged < missing <= damaged + MOST_WAITING
    ordered = container.format.name == "mpegts" and container.size > 0
    rest = 1 - end / container.size if ordered else 0.0
    return Decoded(frames, max(missing, damaged) + unread, reason, cut_short, rest)


def reason_of(error: av.FFmpegError) -> str:
    if isinstance(error, av.ArgumentError):  # so decoders refuse what is beyond `max_pixels`
        return "its frames are damaged, or larger than --max_megapixels allows"
    return str(error.strerror)


def whole_index(
    container: av.container.InputContainer, stream: av.VideoStream
) -> av.index.IndexEntries | tuple[()]:
    """An entry for each packet; none where the file has no index of all."""
    whole = container.format.name.startswith("mov") and stream.frames
    return stream.index_entries if whole else ()


def packets_or_errors(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.Packet | av.FFmpegError]:
    """All packets and the empty one that ends them; in the place of an unreadable one its error."""
    failures = 0
    while failures < MOST_FAILURES:
        try:
            for packet in container.demux(stream):
                failures = 0
                yield packet
            return
        except IndexError:  # PyAV's, for a stream that began late: ours has ended
            return
        except av.FFmpegError as error:
            failures += 1
            yield error
