"""Oracle: real files, written here."""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from video_files import brightness, gradient, write_video

from sfsign_jax.data.videos import open_video, video_frames
from sfsign_jax.errors import UserError


def read(path, rate=None):
    video = open_video(path, rate)
    return np.stack(list(video.frames)), video


def test_video(tmp_path):
    frames = gradient()
    write_video(tmp_path / "clip.mp4", frames)
    clip, video = read(tmp_path / "clip.mp4")
    assert (video.rate, video.expected_frames) == (25, 6)
    assert clip.shape == frames.shape
    assert np.abs(clip.astype(int) - frames).mean() < 4
    np.testing.assert_array_equal(np.stack(list(video_frames(tmp_path / "clip.mp4"))), clip)


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [
        (25, 25, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        (50, 25, [0, 2, 4, 6, 8, 10]),
        (60, 25, [0, 3, 5, 7, 10]),
        (25, 50, [n // 2 for n in range(24)]),
        (30000 / 1001, None, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_another_rate(stored, asked, expected, tmp_path):
    rate = Fraction(stored).limit_denominator(1001)
    write_video(tmp_path / "clip.mp4", gradient(12), rate)
    clip, video = read(tmp_path / "clip.mp4", asked)
    assert video.rate == pytest.approx(asked or stored, rel=1e-4)
    assert abs(video.expected_frames - len(expected)) <= 1
    assert brightness(clip) == expected


def test_a_rate_that_changes(tmp_path):
    """As a browser records: frames come when the camera has one."""
    times = [0, 40, 80, 280, 320, 360]  # milliseconds
    write_video(tmp_path / "clip.webm", gradient(), codec="libvpx-vp9", times=times)
    clip, _ = read(tmp_path / "clip.webm", 25)
    assert brightness(clip) == [0, 1, 2, 2, 2, 2, 2, 3, 4, 5]


def test_folder_is_read_in_the_order_of_names(tmp_path):
    frames = gradient()
    for i, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f"{i:04}.png"), frame[..., ::-1])
    (tmp_path / "notes.txt").write_text("not a frame")
    clip, video = read(tmp_path)
    assert (video.rate, video.expected_frames) == (None, 6)
    np.testing.assert_array_equal(clip, frames)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no video or folder"):
        read(tmp_path / "missing.mp4")


def test_folder_without_frames(tmp_path):
    with pytest.raises(UserError, match="has no frames"):
        read(tmp_path)


def test_frame_that_is_no_image(tmp_path):
    (tmp_path / "0001.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"0001.png is empty, truncated or not an image"):
        read(tmp_path)


def test_file_that_is_no_video(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"not a video at all")
    with pytest.raises(UserError, match="can't be read as a video"):
        read(tmp_path / "clip.mp4")


def test_empty_file(tmp_path):
    (tmp_path / "clip.webm").touch()
    with pytest.raises(UserError, match="can't be read as a video: it is empty"):
        read(tmp_path / "clip.webm")


def test_video_without_a_video_stream(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(UserError, match="has no video stream"):
        read(path)


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2)])
def test_videos_are_turned_as_players_show_them(tmp_path, matrix, turns):
    """Phones store portrait lying down, with a matrix in the track's header (ISO 14496-12)."""
    path = tmp_path / "phone.mp4"
    write_video(path, gradient())
    upright = read(path)[0]
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    a, b, c, d = (n << 16 for n in matrix)
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    transposed_matmul = read(path)[0]
    np.testing.assert_array_equal(transposed_matmul, np.rot90(upright, turns, axes=(1, 2)))
