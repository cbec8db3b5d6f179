"""Oracle: frames whose numbers can be read, and times written out."""

import struct

import numpy as np
import pytest
from video_files import brightness, gradient, write_video

from sfsign_jax.data.live_sources import followed_frames
from sfsign_jax.data.times import believed_times, clock
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError

SIX_HOURS = 6 * 3600 * 1000


def read(path, rate=None):
    return brightness(np.stack([*open_video(path, rate).frames]))


@pytest.mark.parametrize("rate", [None, 25])
def test_two_recordings_joined(tmp_path, rate, caplog):
    for codec in ("libx264", "mpeg2video"):
        path = tmp_path / f"{codec}.ts"
        write_video(path, gradient(12), codec=codec)
        path.write_bytes(2 * path.read_bytes())
        caplog.clear()
        assert read(path, rate) == 2 * [*range(12)]
        assert read(path, rate) == 2 * [*range(12)]
        (message,) = caplog.messages  # once
        assert message.startswith(f"{path} has frames whose times go back")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("rate", [None, 25])
@pytest.mark.parametrize("jump", [SIX_HOURS, 60_000, 11_000])
def test_a_jump(tmp_path, suffix, rate, jump):
    path = tmp_path / f"clip{suffix}"
    write_video(path, gradient(12), times=[40 * n + jump * (n > 6) for n in range(12)])
    assert read(path, rate) == [*range(12)]
    assert open_video(path, rate).expected_frames in (None, 12)


def test_a_pause_is_no_jump(tmp_path, caplog):
    write_video(tmp_path / "clip.mkv", gradient(4), times=[0, 40, 9040, 9080])
    assert read(tmp_path / "clip.mkv", 25) == [0] + 225 * [1] + [2, 3]
    assert caplog.messages == []


@pytest.mark.parametrize("rate", [None, 25])
@pytest.mark.parametrize("duration", [0, 1])
def test_frames_that_last_no_time(tmp_path, rate, duration, caplog):
    """The table of durations (stts, ISO 14496-12)."""
    path = tmp_path / "clip.mp4"
    write_video(path, gradient(12))
    data = bytearray(path.read_bytes())
    start = data.index(b"stts")
    assert struct.unpack_from(">II", data, start + 8) == (1, 12)
    struct.pack_into(">I", data, start + 16, duration)
    path.write_bytes(data)
    assert len(read(path, rate)) == 12
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("rate", [1e9, 1e-9, 0.0, -25.0, float("nan"), float("inf")])
def test_rates_that_are_none(tmp_path, rate):
    write_video(tmp_path / "clip.mp4", gradient())
    for path in (tmp_path / "clip.mp4", tmp_path):
        with pytest.raises(UserError, match=r"is no frame rate: give one from 0.1 to 1000"):
            open_video(path, rate)
    with pytest.raises(UserError, match="is no frame rate"):
        next(followed_frames(tmp_path / "clip.mp4", rate, 1))


def believed(times, usual=0.04):
    return [time for _, time in believed_times(enumerate(times), usual, "clip")]


def test_times_that_are_believed_stay_what_they_are():
    times = [None, 0.1, None, 0.3, 0.301, 5.0, 14.9]
    assert believed(times) == times


def test_the_usual_interval_is_that_of_the_frames_before():
    times = [0, 0.5, 1.0, 1.5, 1.5, 1.0, 30, 30.5]
    expected = [0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert believed(times) == pytest.approx(expected)
    assert believed([7.0, 7.0, 6.0]) == pytest.approx([7.0, 7.04, 7.08])


def test_clock():
    assert clock(3_723_004.6) == "01:02:03.005"
