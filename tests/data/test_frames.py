import cv2
import numpy as np
import pytest

from sfsign_jax.data.frames import (
    as_stored,
    decode_frame,
    drop_top_rows,
    resize_frames,
    without_top_rows,
)
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError


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
