import numpy as np
import pytest

from sfsign_jax.configuration import published_config
from sfsign_jax.data.batching import (
    bucket_of,
    ordered_batches,
    padding_overhead,
    shuffled_batches,
    stack_clips,
)

LENGTHS = np.random.default_rng(0).integers(10, 60, 103).tolist()
BUCKETS = (20, 32, 64)


def test_bucket_of():
    assert [bucket_of(n, (32, 64)) for n in (1, 32, 33, 64, 65, 129)] == [32, 32, 64, 64, 128, 192]


def test_stack_clips_fills_with_zeros():
    clips = [np.full((n, 2, 2, 3), 7, np.uint8) for n in (2, 4)]
    frames, num_frames = stack_clips(clips, 5)
    assert frames.shape == (2, 5, 2, 2, 3)
    assert num_frames.tolist() == [2, 4]
    assert frames[0, 2:].sum() == 0


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_shuffled_batches_hold_every_clip_at_most_once_in_a_bucket_that_fits(batch_size):
    plan = shuffled_batches(LENGTHS, BUCKETS, batch_size, np.random.default_rng(1))
    assert len(plan) == 103 // batch_size
    clips = [i for batch in plan for i in batch.clips]
    assert len(clips) == len(set(clips)) == len(plan) * batch_size
    for batch in plan:
        assert batch.bucket == bucket_of(max(LENGTHS[i] for i in batch.clips), BUCKETS)
    mixed = sum(len({bucket_of(LENGTHS[i], BUCKETS) for i in batch.clips}) > 1 for batch in plan)
    assert mixed < len(BUCKETS)


def test_shuffled_batches_differ_in_order_company_and_what_is_left_out():
    plans = [shuffled_batches(LENGTHS, BUCKETS, 8, np.random.default_rng(s)) for s in range(30)]
    assert len({tuple(batch.bucket for batch in plan) for plan in plans}) == 30
    partners = {j for plan in plans for batch in plan if 0 in batch.clips for j in batch.clips}
    assert len(partners) > 20
    left_out = {i for plan in plans for i in set(range(103)) - {j for b in plan for j in b.clips}}
    assert len(left_out) > 80


def test_ordered_batches_are_the_clips_in_order():
    plan = ordered_batches([3, 1, 2], [5, 40, 30, 12], (32, 64), batch_size=2)
    assert plan == [((3, 1), 64), ((2,), 32)]


def test_padding_overhead_counts_frames():
    plan = ordered_batches([0, 1, 2], [10, 30, 20], (32,), batch_size=2)
    assert padding_overhead(plan, [10, 30, 20]) == pytest.approx(96 / 60 - 1)


def test_published_buckets_keep_padding_low():
    """On PHOENIX2014's lengths (mean 141, 99 % below 240): docs/specification.md, "Data"."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(16, 143 / 16, 5671), 32, 232).astype(int).tolist()
    buckets = published_config().data.buckets
    plan = shuffled_batches(lengths, buckets, 2, rng)
    assert padding_overhead(plan, lengths) < 0.08
    assert len({batch.bucket for batch in plan}) <= 20
