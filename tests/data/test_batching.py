import numpy as np

from sfsign_jax.data.batching import Clip, bucket_clips, bucket_of, stack_clips


def clip(name, frames):
    return Clip(name, "s", ("A",), np.full((frames, 2, 2, 3), 7, np.uint8))


def test_bucket_of():
    assert [bucket_of(n, (32, 64)) for n in (1, 32, 33, 64, 65, 129)] == [32, 32, 64, 64, 128, 192]


def test_stack_clips_fills_with_zeros():
    frames, num_frames = stack_clips([clip("a", 2).frames, clip("b", 4).frames], 5)
    assert frames.shape == (2, 5, 2, 2, 3)
    assert num_frames.tolist() == [2, 4]
    assert frames[0, 2:].sum() == 0


def test_every_clip_is_in_one_batch_of_its_bucket():
    clips = [clip(str(i), n) for i, n in enumerate((10, 40, 20, 30, 50, 25, 31))]
    batches = list(bucket_clips(clips, (32, 64), batch_size=2))
    assert sorted(c.id for batch in batches for c in batch.clips) == [str(i) for i in range(7)]
    assert {batch.frames.shape[:2] for batch in batches} == {(2, 32), (2, 64)}
    for batch in batches:
        assert all(len(c.frames) <= batch.frames.shape[1] for c in batch.clips)
        assert batch.num_frames[: len(batch.clips)].tolist() == [len(c.frames) for c in batch.clips]


def test_fillers_are_no_longer_than_the_clips():
    (batch,) = bucket_clips([clip("a", 9)], (32,), batch_size=3)
    assert batch.num_frames.tolist() == [9, 9, 9]
