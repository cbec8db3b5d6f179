"""Oracles: OpenCV's own resizing, Pillow as the writer of images, orders written out."""

import os
import struct
import tempfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sfsign_jax.data.frames import (
    as_stored,
    decode_frame,
    drop_top_rows,
    image_bytes,
    image_files,
    resize_frames,
    without_top_rows,
)
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource
from tfds_builders.encoding import FrameFormat, encode_clip


def frame(height=64, width=48):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_resize():
    assert resize_frames(frame()[None], (256, 256)).shape == (1, 256, 256, 3)
    assert resize_frames(frame()[None], (48, 64)).shape == (1, 48, 64, 3)


def test_no_image():
    with pytest.raises(UserError, match="frame 1 of clip"):
        decode_frame(b"", "frame 1 of clip")


def test_top_rows_are_dropped_and_the_rest_is_stretched():
    dropped = drop_top_rows(frame(), 16)
    assert dropped.shape == (64, 48, 3)
    expected = cv2.resize(frame()[16:], (48, 64), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(dropped, expected)
    np.testing.assert_array_equal(drop_top_rows(frame(), 0), frame())
    preprocessing = Preprocessing((64, 48), (32, 32), drop_top_rows=16)
    (stored,) = as_stored([frame()], preprocessing)
    np.testing.assert_array_equal(stored, frame())
    (seen,) = without_top_rows([stored], preprocessing)
    np.testing.assert_array_equal(seen, expected)


def write_images(folder, names):
    """Each as bright as its place in `names`."""
    for level, name in enumerate(names):
        Image.new("RGB", (64, 48), (level, level, level)).save(folder / name, lossless=True)


def levels(folder):
    return [int(frame[0, 0, 0]) for frame in open_video(folder).frames]


def prepared(folder, max_pixels=64 * 48):
    clip = ClipSource("a", "ann", "A", folder, "table, line 2")
    frame_format = FrameFormat((48, 64), max_pixels=max_pixels)
    with tempfile.TemporaryDirectory() as unfinished:
        encoded = encode_clip(clip, frame_format, Path(unfinished))
    return encoded.problem or [int(decode_frame(data, "")[0, 0, 0]) for data in encoded.frames]


@pytest.mark.parametrize(
    "names",
    [
        [f"frame{number}.png" for number in range(1, 24)],
        ["frame.png", "frame (2).png", "frame (10).png"],
        ["1-2.png", "1-10.png", "2-1.png"],
        ["a_01.png", "a_1.png", "a_02.png", "a_2.png", "a_10.png"],
        ["0000.bmp", "0001.tif", "0002.TIFF", "0003.png", "0004.webp"],
        # Of the published corpora.
        [f"01April_2010_heute_default-0.avi_pid0_fn0000{n}-0.png" for n in ("09", "10")],
        ["images0009.png", "images0010.png", "images0100.png"],
        ["000009.png", "000010.png", "000100.png"],
    ],
)
def test_numbers_in_names_are_numbers(tmp_path, names):
    write_images(tmp_path, names)
    assert levels(tmp_path) == prepared(tmp_path) == [*range(len(names))]


def test_padded_numbers_stay_in_the_order_of_characters(tmp_path):
    names = [
        f"{day}-{take}_fn{n:06}-0.png" for day in "ab" for take in "01" for n in range(0, 30, 7)
    ]
    write_images(tmp_path, names)
    assert [file.name for file in image_files(tmp_path)] == sorted(names)


def test_hidden_files_are_no_frames(tmp_path):
    write_images(tmp_path, ["frame0001.png", "frame0002.png"])
    (tmp_path / "._frame0001.png").write_bytes(b"what macOS knows of a file")
    assert levels(tmp_path) == prepared(tmp_path) == [0, 1]


def test_pipes_and_devices_are_refused(tmp_path):
    write_images(tmp_path, ["frame0001.png"])
    (tmp_path / "frame0002.png").symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"frame0002.png is no file that can be read"):
        levels(tmp_path)
    assert "frame0002.png is no file" in prepared(tmp_path)
    (tmp_path / "frame0002.png").unlink()
    os.mkfifo(tmp_path / "frame0002.png")
    with pytest.raises(UserError, match=r"frame0002.png is no file that can be read"):
        levels(tmp_path)
    assert "frame0002.png is no file" in prepared(tmp_path)
    for path in (tmp_path / "frame0002.png", Path("/dev/zero")):
        assert f"there is no frame in {path}" in prepared(path)
        with pytest.raises(UserError, match="there is no video or folder of frames"):
            open_video(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_images_that_are_too_large(tmp_path, suffix):
    write_images(tmp_path, [f"frame{suffix}"])
    assert image_bytes(tmp_path / f"frame{suffix}", 64 * 48)
    with pytest.raises(UserError, match=r"64 × 48 pixels, more than the limit of"):
        image_bytes(tmp_path / f"frame{suffix}", 64 * 48 - 1)
    assert "64 × 48 pixels" in prepared(tmp_path, 64 * 48 - 1)


def test_a_chunk_of_a_png_file_that_claims_four_gigabytes(tmp_path):
    write_images(tmp_path, ["frame.png"])
    data = bytearray((tmp_path / "frame.png").read_bytes())
    data[data.index(b"IDAT") - 4] = 0xFF
    (tmp_path / "frame.png").write_bytes(data)
    with pytest.raises(UserError, match=r"frame.png is empty, truncated or not an image"):
        levels(tmp_path)
    assert "frame.png is empty, truncated or not an image" in prepared(tmp_path)


def test_an_image_that_is_small_as_a_file(tmp_path):
    """40,000 × 40,000 pixels would be 4.8 GB."""
    write_images(tmp_path, ["frame.png"])
    data = (tmp_path / "frame.png").read_bytes()
    header = b"IHDR" + struct.pack(">2I", 40_000, 40_000) + data[24:29]
    header += struct.pack(">I", zlib.crc32(header))
    (tmp_path / "frame.png").write_bytes(data[:12] + header + data[33:])
    with pytest.raises(UserError, match=r"frame.png has more than 179 megapixels"):
        levels(tmp_path)
    assert "frame.png has more than 179 megapixels" in prepared(tmp_path)
