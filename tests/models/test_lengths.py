import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.models.lengths import (
    left_padding,
    num_steps,
    pad_clips,
    padded_length,
    receptive_field,
    total_stride,
    video_length,
)

PUBLISHED = ("K5", "P2", "K5", "P2")


@pytest.mark.parametrize("frames", [1, 4, 31, 32, 299])
def test_published_lengths(frames):
    length = video_length(frames, PUBLISHED)
    assert length == padded_length(frames, PUBLISHED, 4) == 4 * -(-frames // 4) + 12
    assert num_steps(length, PUBLISHED) == -(-frames // 4)


@pytest.mark.parametrize(
    ("stack", "left", "stride"),
    [
        (("K3",), 1, 1),
        (("K5", "P2"), 2, 2),
        (PUBLISHED, 6, 4),
        (("K5", "K5", "P2"), 4, 2),
        (("P2", "K5", "P2", "K5"), 6, 4),
        (("P2", "P2", "K5", "K5"), 6, 4),
    ],
)
def test_padding_follows_the_stack(stack, left, stride):
    assert (left_padding(stack), total_stride(stack)) == (left, stride)
    for frames in range(1, 40):
        length = video_length(frames, stack)
        assert length % stride == 0
        assert 0 <= length - frames - 2 * left < stride
        assert 0 <= padded_length(frames, stack, 4) - length < 4
        assert padded_length(frames, stack, 4) % 4 == 0
    seen = receptive_field(stack)
    assert (num_steps(seen, stack), num_steps(seen - 1, stack)) == (1, 0)
    assert num_steps(jnp.array([seen, 1]), stack).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("stack", "frames", "padded", "steps"),
    [
        (("P2", "K5", "P2", "K5"), (30, 21), 44, (5, 3)),
        (("P2", "P2", "K5", "K5"), (30, 21), 44, (3, 1)),
        (("K3",), (30, 21), 32, (30, 21)),
    ],
)
def test_the_published_codes_own_batches(stack, frames, padded, steps):
    """Numbers of a run of the published code: length of a batch of two clips, and steps of each."""
    assert padded_length(max(frames), stack, 4) == padded
    assert tuple(num_steps(video_length(n, stack), stack) for n in frames) == steps


def test_pad_clips_repeats_first_and_last_frame():
    frames = jnp.arange(1, 6).reshape(1, 5, 1, 1, 1)
    padded = pad_clips(frames, jnp.array([3]), PUBLISHED, 4)[0, :, 0, 0, 0]
    np.testing.assert_array_equal(padded, [1] * 6 + [1, 2, 3] + [3] * 11)
