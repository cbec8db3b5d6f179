"""Oracle: real files, written here."""

import struct

import av
import cv2
import numpy as np
import pytest

from sfsign_jax.data.frames import decode_frame, drop_top, read_clip, resize_frames
from sfsign_jax.errors import UserError


def gradient(n=6, height=48, width=64):
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    frames = np.zeros((n, height, width, 3), np.uint8)
    frames[..., 0] = ramp
    frames[..., 1] = 20 * np.arange(n)[:, None, None]
    return frames


def write_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def test_video(tmp_path):
    frames = gradient()
    write_video(tmp_path / "clip.mp4", frames)
    clip, rate = read_clip(tmp_path / "clip.mp4")
    assert rate == 25
    assert clip.shape == frames.shape
    assert np.abs(clip.astype(int) - frames).mean() < 4


def test_folder_is_read_in_the_order_of_names(tmp_path):
    frames = gradient()
    for i, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f"{i:04}.png"), frame[..., ::-1])
    (tmp_path / "notes.txt").write_text("not a frame")
    clip, rate = read_clip(tmp_path)
    assert rate is None
    np.testing.assert_array_equal(clip, frames)


def test_resize():
    assert resize_frames(gradient(), (256, 256)).shape == (6, 256, 256, 3)
    assert resize_frames(gradient(), (48, 64)).shape == (6, 48, 64, 3)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no video or folder"):
        read_clip(tmp_path / "missing.mp4")


def test_folder_without_frames(tmp_path):
    with pytest.raises(UserError, match="has no frames"):
        read_clip(tmp_path)


def test_frame_that_is_no_image(tmp_path):
    (tmp_path / "0001.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"0001.png is not an image"):
        read_clip(tmp_path)
    with pytest.raises(UserError, match="frame 1 of clip"):
        decode_frame(b"", "frame 1 of clip")


def test_file_that_is_no_video(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"not a video at all")
    with pytest.raises(UserError, match="can't be read as a video"):
        read_clip(tmp_path / "clip.mp4")


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
        read_clip(path)


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2)])
def test_videos_are_turned_as_players_show_them(tmp_path, matrix, turns):
    """Phones store portrait lying down, with a matrix in the track's header (ISO 14496-12)."""
    path = tmp_path / "phone.mp4"
    write_video(path, gradient())
    upright = read_clip(path)[0]
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    a, b, c, d = (n << 16 for n in matrix)
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    turned = read_clip(path)[0]
    np.testing.assert_array_equal(turned, np.rot90(upright, turns, axes=(1, 2)))


def test_top_rows_are_dropped_and_the_rest_is_stretched():
    frame = np.random.default_rng(0).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    dropped = drop_top(frame, 16)
    assert dropped.shape == frame.shape
    expected = cv2.resize(frame[16:], (48, 64), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(dropped, expected)
    assert drop_top(frame, 0) is frame
