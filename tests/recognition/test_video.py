"""Oracle: the whole clip in one program."""

import jax
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.lengths import total_stride, video_length
from sfsign_jax.recognition.network import (
    Network,
    feature_logits,
    frame_features,
    sequence_logits,
)
from sfsign_jax.recognition.video import streamed_steps, video_steps

PREPROCESSING = Preprocessing((40, 40), (32, 32))


def video(num_frames):
    rng = np.random.default_rng(num_frames)
    return rng.integers(0, 256, (num_frames, 40, 40, 3), np.uint8)


def differences(config, num_frames, chunk):
    """The largest, of the BiLSTM's logits in all phases and the convolutions' probability of blank.

    The oracle moves the features of the whole clip by hand.
    """
    network = Network(state_of(config, oracle_of(config)), config, PREPROCESSING)
    frames = video(num_frames)
    count = np.array([num_frames], np.int32)
    features = np.asarray(frame_features(network, frames[None], count))
    features = features[:, : video_length(num_frames, config.temporal_stack)]
    after = np.repeat(features[:, -1:], 9, axis=1)
    moved = [np.concatenate([features[:, p:], after[:, :p]], 1) for p in range(9)]
    moved = moved[: total_stride(config.temporal_stack)]
    whole = [feature_logits(network, one, count) for one in moved]
    if chunk:
        parts = [*streamed_steps(network, iter(frames), chunk)]
    else:
        parts = [*video_steps(network, iter(frames))]
    inputs, blank = (np.concatenate(x) for x in zip(*parts, strict=True))
    steps = int(whole[0].num_steps[0])
    assert inputs.shape[:2] == (steps, len(moved))
    assert len(blank) == steps
    lengths = np.full(len(moved), steps, np.int32)
    logits, _ = sequence_logits(network, inputs.swapaxes(0, 1), lengths)
    expected = np.concatenate([one.sequence_logits[:, :steps] for one in whole])
    expected_blank = jax.nn.softmax(whole[0].conv_logits[0, :steps])[:, 0]
    return np.abs(logits - expected).max(), np.abs(blank - expected_blank).max()


@pytest.mark.parametrize(("num_frames", "chunk"), [(1, 8), (30, 64), (150, 8), (50, None)])
def test_chunks_equal_the_whole(num_frames, chunk):
    assert max(differences(small_config(), num_frames, chunk)) < 1e-5


@pytest.mark.parametrize(
    "changes",
    [
        {"depths": (2, 2, 3, 2), "temporal_blocks": (1, 2, 2, 2), "width": 4, "beta_inv": 2},
        {"temporal_stack": ("K5", "P2"), "alpha": 2, "fusion": "FuseBiCat"},
        {"temporal_stack": ("P3", "K3"), "fusion": "FuseFastToSlow"},
        {"temporal_stack": ("K3",)},
        {"temporal_stack": ("P2", "P2", "K5", "K5")},
    ],
    ids=str,
)
def test_variants(changes):
    assert max(differences(small_config(**changes), 50, 16)) < 1e-4


def test_a_video_without_frames():
    config = small_config()
    network = Network(state_of(config, oracle_of(config)), config, PREPROCESSING)
    assert not [*video_steps(network, [])]
