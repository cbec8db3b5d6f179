"""Oracle: the distributions that docs/specification.md, "Data" states."""

import numpy as np
import pytest

from sfsign_jax.data.augmentation import (
    Augmentation,
    interval_frames,
    joined_clips,
    kept_frames,
    most_frames,
    random_corner,
    rescale_frames,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("frames", [20, 100, 290])
def test_rescaled_length(frames):
    lengths = {len(kept_frames(frames, Augmentation(), RNG)) for _ in range(3000)}
    low, high = (-(-min(max(int(frames * s), 32), 230) // 4) * 4 for s in (0.8, 1.2))
    assert min(lengths) == low
    assert max(lengths) == high == most_frames(frames, Augmentation())
    assert all(length % 4 == 0 for length in lengths)


def test_rescaled_frames_are_in_order_and_repeat_only_when_they_must():
    for length in (8, 20, 32):
        kept = rescale_frames(20, length, RNG)
        assert len(kept) == length
        assert np.all(np.diff(kept) >= (1 if length <= 20 else 0))
        assert kept.min() >= 0
        assert kept.max() < 20


def test_interval_frames_start_anywhere():
    starts = {tuple(interval_frames(10, 3, RNG).tolist()) for _ in range(100)}
    assert starts == {(0, 3, 6, 9), (1, 4, 7), (2, 5, 8)}


def test_corners_reach_every_edge():
    corners = np.array([random_corner((256, 256), (224, 224), RNG) for _ in range(3000)])
    assert corners.min(0).tolist() == [0, 0]
    assert corners.max(0).tolist() == [32, 32]


def test_clips_follow_a_share_of_the_clips_until_none_fits():
    sizes = np.array([(10, 2), (12, 1), (25, 3), (40, 3), (9, 2), (5, 4)])
    candidates = np.array([0, 1, 4])

    def joined(first, candidates, share=1.0, most=(36, 9)):
        return joined_clips(first, np.array(candidates), sizes, most, share, RNG)

    drawn = [joined(0, candidates, 0.4) for _ in range(3000)]
    assert all(clips[0] == 0 and {*clips} <= {0, 1, 4} for clips in drawn)
    assert all(sizes[clips, 0].sum() <= 36 for clips in drawn)
    # Of a clip of 10 frames and one more of up to 12 there is room for a third every time.
    assert {len(clips) for clips in drawn} == {1, 3}
    assert np.mean([len(clips) == 3 for clips in drawn]) == pytest.approx(0.4, abs=0.03)
    assert joined(0, [2, 3, 4]) in ([0, 2], [0, 4, 4])
    assert joined(1, [5], most=(36, 9)) == [1, 5, 5]  # there is room for 12 frames, but no gloss
    for alone in (2, 3):
        assert joined(alone, [2, 3]) == [alone]
