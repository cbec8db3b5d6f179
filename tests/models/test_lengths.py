import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.models.lengths import (
    left_padding,
    num_steps,
    pad_clips,
    receptive_field,
    total_stride,
    video_length,
)

PUBLISHED = ("K5", "P2", "K5", "P2")


@pytest.mark.parametrize("frames", [1, 4, 31, 32, 299])
def test_published_lengths(frames):
    length = video_length(frames, PUBLISHED, 4)
    assert length == 4 * -(-frames // 4) + 12
    assert num_steps(length, PUBLISHED) == -(-frames // 4)


@pytest.mark.parametrize(
    ("stack", "left", "stride"),
    [
        (("K3",), 1, 1),
        (("K5", "P2"), 2, 2),
        (PUBLISHED, 6, 4),
        (("K5", "K5", "P2"), 4, 2),
        (("P2", "P2", "K5", "K5"), 16, 4),
    ],
)
def test_padding_follows_the_stack(stack, left, stride):
    assert (left_padding(stack), total_stride(stack)) == (left, stride)
    for frames in range(1, 40):
        length = video_length(frames, stack, 4)
        assert length % 4 == 0
        assert length >= frames + 2 * left
        assert num_steps(length, stack) >= -(-frames // stride)
    seen = receptive_field(stack)
    assert (num_steps(seen, stack), num_steps(seen - 1, stack)) == (1, 0)


def test_pad_clips_repeats_first_and_last_frame():
    frames = jnp.arange(1, 6).reshape(1, 5, 1, 1, 1)
    padded = pad_clips(frames, jnp.array([3]), PUBLISHED, 4)[0, :, 0, 0, 0]
    np.testing.assert_array_equal(padded, [1] * 6 + [1, 2, 3] + [3] * 11)
