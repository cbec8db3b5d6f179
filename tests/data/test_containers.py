"""Oracle: what lies at the path, and FFmpeg's own willingness to read anything as a video."""

import struct

import av
import numpy as np
import pytest
from PIL import Image
from video_files import brightness, gradient, write_video

from sfsign_jax.data.containers import FORMATS
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource
from tfds_builders.encoding import FrameFormat, encode_clip


def read(path, **options):
    return np.stack([*open_video(path, 25, **options).frames])


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{file}\n#EXT-X-ENDLIST\n"
SCRIPT = "ffconcat version 1.0\nfile '{file}'\n"
SESSION = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n"


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ffconcat", ".ts", ".txt", ""])
@pytest.mark.parametrize("text", [PLAYLIST, SCRIPT, SESSION])
def test_what_names_other_files_is_refused(tmp_path, monkeypatch, text, suffix):
    monkeypatch.chdir(tmp_path)
    write_video("secret.ts", gradient())
    path = tmp_path / f"innocent{suffix}"
    path.write_text(text.format(file="secret.ts"))
    with pytest.raises(UserError, match="can't be read as a video"):
        read(path)
    clip = ClipSource("a", "ann", "A", path, "table, line 2")
    assert "can't be read as a video" in encode_clip(clip, FrameFormat((48, 64)), tmp_path).problem


def test_an_image_is_no_video(tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "picture.png")
    (tmp_path / "picture.png").rename(tmp_path / "clip%03d.mp4")
    with pytest.raises(UserError, match="it is of no video format"):
        read(tmp_path / "clip%03d.mp4")


@pytest.mark.parametrize(
    "name",
    [
        "2024-05-01T10:30:00.mp4",
        "concat:x.mp4",
        "http:x.mp4",
        "file:x.mp4",
        "pipe:0",
        "-",
        "frame%03d.mp4",
        "subfile,,start,0,end,9,,:x.mp4",
        "Gebärde #1?.mp4",
    ],
)
def test_a_name_is_only_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_video("plain.mp4", gradient())
    (tmp_path / "plain.mp4").rename(name)
    assert brightness(read(name)) == [0, 1, 2, 3, 4, 5]


def test_another_file_that_a_movie_refers_to_is_not_read(tmp_path):
    """A data reference of ISO 14496-12 with an address, in the place of "in this file"."""
    write_video(tmp_path / "secret.mp4", gradient())
    movie = (tmp_path / "secret.mp4").read_bytes()
    address = (tmp_path / "secret.mp4").as_uri().encode() + b"\0"
    here = struct.pack(">I4sI", 12, b"url ", 1)
    there = struct.pack(">I4sI", 12 + len(address), b"url ", 0) + address
    start = movie.index(here)
    grown = bytearray(movie[:start] + there + movie[start + len(here) :])
    grown[movie.index(b"mdat") + 4 : movie.index(b"moov") - 4] = bytes(
        movie.index(b"moov") - movie.index(b"mdat") - 8
    )
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = grown.index(box) - 4
        size = struct.unpack_from(">I", grown, at)[0]
        struct.pack_into(">I", grown, at, size + len(there) - len(here))
    (tmp_path / "innocent.mp4").write_bytes(grown)
    with av.open(str(tmp_path / "innocent.mp4")) as container:
        assert container.streams.video  # it is well formed
    with pytest.raises(UserError, match="can't be read as a video"):
        read(tmp_path / "innocent.mp4")


def test_ffmpeg_knows_the_formats():
    assert {*FORMATS.split(",")} <= {
        name for names in av.formats_available for name in names.split(",")
    }


def test_a_cover_picture_is_not_the_video(tmp_path):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 96, 96, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic | av.stream.Disposition.default
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((96, 96, 3), np.uint8), "rgb24")
        container.mux(cover.encode(picture))
        container.mux(cover.encode())
        for frame in gradient():
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(video.encode())
    with av.open(str(path)) as container:
        assert container.streams.video[0].width == 96
    assert read(path).shape == (6, 48, 64, 3)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_frames_that_are_too_large(tmp_path, suffix):
    path = tmp_path / f"clip{suffix}"
    write_video(path, gradient())
    assert len(read(path, max_pixels=64 * 48)) == 6
    with pytest.raises(UserError, match=r"64 × 48 pixels, more than .* 0\.003071 mega"):
        read(path, max_pixels=64 * 48 - 1)
    clip = ClipSource("a", "ann", "A", path, "table, line 2")
    assert "64 × 48" in encode_clip(clip, FrameFormat((48, 64), max_pixels=3000), tmp_path).problem


def test_metadata_in_an_old_encoding(tmp_path):
    write_video(tmp_path / "clip.mkv", gradient(), title="TITLE")
    data = (tmp_path / "clip.mkv").read_bytes()
    assert b"TITLE" in data
    (tmp_path / "clip.mkv").write_bytes(data.replace(b"TITLE", "Größe".encode("latin-1")))
    assert len(read(tmp_path / "clip.mkv")) == 6
