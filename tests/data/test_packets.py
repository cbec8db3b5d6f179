"""Oracle: the undamaged file's frames."""

import itertools

import av
import numpy as np
import pytest
from video_files import brightness, gradient, write_video

from sfsign_jax.data.packets import packets_or_errors
from sfsign_jax.data.remarks import collected_remarks
from sfsign_jax.data.videos import open_video, video_frames
from sfsign_jax.errors import UserError

LENGTH = 12


@pytest.fixture
def path(tmp_path):
    """Each frame is one packet, and only the first needs no other."""
    write_video(tmp_path / "clip.mp4", gradient(LENGTH))
    return tmp_path / "clip.mp4"


def packets(path):
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def damage(path, numbers):
    """0xff in the place of the packets' lengths and what follows."""
    data = bytearray(path.read_bytes())
    for number in numbers:
        start, size = packets(path)[number]
        data[start : start + min(size, 60)] = b"\xff" * min(size, 60)
    path.write_bytes(data)


@pytest.mark.parametrize("number", [1, 5, *range(LENGTH - 4, LENGTH)])
def test_a_damaged_packet_costs_that_packet(path, number, caplog):
    """The last ones too, which decoders with threads hold back."""
    whole = brightness(np.stack([*video_frames(path)]))
    damage(path, [number])
    frames = brightness(np.stack([*video_frames(path)]))
    assert len(frames) == LENGTH - 1
    assert {*frames} <= {*whole}
    assert caplog.messages == [
        f"{path} is damaged: 1 of its packets could not be decoded and are left out "
        "(Invalid data found when processing input)"
    ]


def test_many_damaged_packets(path, caplog):
    damage(path, [2, 5, 6, 11])
    assert len([*video_frames(path)]) == LENGTH - 4
    (message,) = caplog.messages
    assert "4 of its packets" in message


def test_whoever_asks_gets_what_is_remarked(path, caplog):
    damage(path, [5])
    with collected_remarks() as remarks:
        for _ in range(2):
            [*video_frames(path)]
    assert len(remarks) == 1
    assert "1 of its packets" in remarks[0]
    assert not caplog.messages


def test_nothing_can_be_decoded(path):
    damage(path, range(LENGTH))
    with pytest.raises(UserError, match=r"clip.mp4 can't be read as a video: Invalid data"):
        list(open_video(path).frames)


def test_a_file_that_was_cut_off(tmp_path, caplog):
    write_video(tmp_path / "clip.mp4", gradient(LENGTH), options={"movflags": "faststart"})
    data = (tmp_path / "clip.mp4").read_bytes()
    positions = [start for start, _ in packets(tmp_path / "clip.mp4")]
    (tmp_path / "clip.mp4").write_bytes(data[: sorted(positions)[8]])
    assert brightness(np.stack([*video_frames(tmp_path / "clip.mp4")]))[:6] == [*range(6)]
    (message,) = caplog.messages
    assert "4 of its packets" in message


def test_whole_files_are_not_complained_of(path, caplog):
    assert brightness(np.stack([*video_frames(path)])) == [*range(LENGTH)]
    assert caplog.messages == []


def test_recordings_whose_streams_have_other_numbers(tmp_path, caplog):
    """Joined end to end: the first is read, and that it was the first is said."""
    for pid in (256, 700):
        options = {"mpegts_start_pid": str(pid)}
        write_video(tmp_path / f"{pid}.ts", gradient(LENGTH), options=options)
    assert len([*video_frames(tmp_path / "256.ts")]) == LENGTH
    assert caplog.messages == []
    joined = (tmp_path / "256.ts").read_bytes() + (tmp_path / "700.ts").read_bytes()
    (tmp_path / "joined.ts").write_bytes(joined)
    assert len([*video_frames(tmp_path / "joined.ts")]) == LENGTH
    (message,) = caplog.messages
    assert "joined.ts goes on after the video's last frame" in message


def test_a_stream_that_begins_late():
    """PyAV asks for it by number when the file ends, and has none of that number."""

    class Container:
        def demux(self, stream):
            yield from "abc"
            raise IndexError

    assert [*packets_or_errors(Container(), None)] == ["a", "b", "c"]


def test_errors_that_do_not_end():
    class Container:
        def demux(self, stream):
            yield "packet"
            raise av.InvalidDataError(1, "damaged")

    taken = itertools.islice(packets_or_errors(Container(), None), 4000)
    assert [*taken].count("packet") == 2000

    class Broken:
        def demux(self, stream):
            raise av.InvalidDataError(1, "damaged")
            yield

    assert len([*packets_or_errors(Broken(), None)]) == 1000
