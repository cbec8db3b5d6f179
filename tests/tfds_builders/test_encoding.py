"""Oracles: OpenCV's own decoding and Lanczos resizing of the files on disk."""

import zipfile

import av
import corpora
import cv2
import numpy as np
import pytest

from tfds_builders.annotations import ClipSource
from tfds_builders.encoding import EncodedClip, FrameFormat, encode_clip, encoded_clips

SIZE = (64, 48)
LOSSLESS = FrameFormat(SIZE)


def source(frames, clip="clip/1"):
    return ClipSource(clip, "ann", "A B", frames, "table, line 2")


def test_frames_of_the_right_size_stay_the_bytes_they_are(tmp_path):
    corpora.write_frames(tmp_path / "frames", SIZE)
    encoded = encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path)
    files = sorted((tmp_path / "frames").iterdir())
    assert encoded.frames == [file.read_bytes() for file in files]
    assert not list(tmp_path.glob("*.zip"))  # nothing to go on from


def test_other_frames_are_resized_as_published(tmp_path):
    corpora.write_frames(tmp_path / "frames", (80, 60))
    encoded = encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path)
    for image, file in zip(encoded.frames, sorted((tmp_path / "frames").iterdir()), strict=True):
        expected = cv2.resize(cv2.imread(str(file)), SIZE[::-1], interpolation=cv2.INTER_LANCZOS4)
        np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(image, np.uint8), 1), expected)


def test_jpeg_is_near_and_smaller(tmp_path):
    corpora.write_frames(tmp_path / "frames", SIZE)
    lossless = encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path)
    jpeg = encode_clip(source(tmp_path / "frames"), FrameFormat(SIZE, 95), tmp_path)
    frames = [corpora.decoded(clip.frames).astype(int) for clip in (lossless, jpeg)]
    assert np.abs(frames[0] - frames[1]).mean() < 5
    assert sum(map(len, jpeg.frames)) < sum(map(len, lossless.frames))


def test_videos_are_decoded_on_the_way_in(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(5):
            picture = corpora.frame(i, SIZE)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    encoded = encode_clip(source(tmp_path / "a.mp4"), LOSSLESS, tmp_path)
    assert corpora.decoded(encoded.frames).shape == (5, 64, 48, 3)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    """What is there already is not made again, and the result is the same."""
    sources = []
    for i in range(9):
        corpora.write_frames(tmp_path / f"frames{i}", (80, 60))
        sources.append(source(tmp_path / f"frames{i}", f"clip{i}"))
    whole = list(encoded_clips(sources, LOSSLESS, tmp_path / "whole"))
    assert [clip.source.id for clip in whole] == [f"clip{i}" for i in range(9)]

    run = encoded_clips(sources, LOSSLESS, tmp_path / "parts")
    next(run)
    run.close()
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").iterdir()}
    assert made
    assert list(encoded_clips(sources, LOSSLESS, tmp_path / "parts")) == whole
    assert all(path.stat().st_mtime_ns == time for path, time in made.items())
    assert zipfile.is_zipfile(next(iter(made)))


@pytest.mark.parametrize("kept", [0, 20, 400])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_empty_and_truncated_frames(tmp_path, suffix, kept):
    corpora.write_frames(tmp_path / "frames", SIZE, suffix)
    file = tmp_path / "frames" / f"frame001{suffix}"
    file.write_bytes(file.read_bytes()[:kept])
    encoded = encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path)
    assert encoded.problem.startswith("table, line 2: clip clip/1: ")
    assert encoded.problem.endswith(f"{file} is empty, truncated or not an image")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_bytes_after_an_image_do_no_harm(tmp_path, suffix):
    corpora.write_frames(tmp_path / "frames", SIZE, suffix)
    file = tmp_path / "frames" / f"frame001{suffix}"
    file.write_bytes(file.read_bytes() + b"left by a camera")
    assert len(encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path).frames) == 3


def test_what_has_no_frames(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        encoded = encode_clip(source(tmp_path / name), LOSSLESS, tmp_path)
        assert isinstance(encoded, EncodedClip)
        assert f"there is no frame in {tmp_path / name}" in encoded.problem
    corpora.write_frames(tmp_path / "text", SIZE)
    (tmp_path / "text/frame001.png").write_text("no image")
    encoded = encode_clip(source(tmp_path / "text"), LOSSLESS, tmp_path)
    assert "frame001.png is empty, truncated or not an image" in encoded.problem


def test_frames_that_changed_are_encoded_anew(tmp_path):
    corpora.write_frames(tmp_path / "frames", (80, 60))
    clip = source(tmp_path / "frames")
    assert len(encode_clip(clip, LOSSLESS, tmp_path).frames) == 3
    (tmp_path / "frames/frame002.png").unlink()
    assert len(encode_clip(clip, LOSSLESS, tmp_path).frames) == 2
    for kept in tmp_path.glob("*.zip"):
        kept.write_bytes(b"")
    assert len(encode_clip(clip, LOSSLESS, tmp_path).frames) == 2


def test_a_folder_that_looks_like_a_frame_is_none(tmp_path):
    corpora.write_frames(tmp_path / "frames", SIZE)
    (tmp_path / "frames/z.png").mkdir()
    assert len(encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path).frames) == 3
    (tmp_path / "frames/y.png").symlink_to(tmp_path / "nowhere")
    assert "y.png" in encode_clip(source(tmp_path / "frames"), LOSSLESS, tmp_path).problem
