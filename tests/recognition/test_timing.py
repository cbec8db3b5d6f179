"""Oracle: each clip by itself, with features that are moved by hand."""

import dataclasses

import jax
import numpy as np
import pytest
from noisy_corpus import CORPUS, MODEL
from oracle import oracle_of, state_of
from small_dataset import evaluation_batches, small_config

from sfsign_jax.data.frames import decode_frame
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import SaidGlosses, beam_search, measured_timing, said_at
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import video_length
from sfsign_jax.recognition.network import Network, feature_logits, frame_features
from sfsign_jax.recognition.timing import measure_timing, timed_clips
from sfsign_jax.runtime.mesh import clip_mesh, replicate


@pytest.fixture(scope="module")
def network():
    return Network(state_of(MODEL, oracle_of(MODEL)), MODEL, Preprocessing((40, 40), (32, 32)))


def said_in(network, clip):
    """The tokens of a clip, and when each head says them."""
    count = np.array([len(clip)], np.int32)
    features = np.asarray(frame_features(network, clip[None], count))
    features = features[:, : video_length(len(clip), MODEL.temporal_stack)]
    after = np.repeat(features[:, -1:], 3, axis=1)
    moved = [np.concatenate([features[:, p:], after[:, :p]], axis=1) for p in range(4)]
    outputs = [feature_logits(network, one, count) for one in moved]
    conv, sequence, steps = (np.concatenate(arrays) for arrays in zip(*outputs, strict=True))
    heads = [*map(jax.nn.log_softmax, (conv, sequence))]
    tokens, lengths, _ = (x[0, 0] for x in beam_search(heads[1][:1], steps[:1]))
    times = [said_at(head, steps[0], tokens, lengths)[0] for head in heads]
    said = (np.asarray(x)[:lengths] for x in (tokens, *times))
    return SaidGlosses(*said, len(clip))


@pytest.fixture(scope="module")
def expected(network):
    clips = [
        np.stack([decode_frame(image, "clip") for image in record["frames"]])
        for record in CORPUS.splits["dev"]
    ]
    return measured_timing([said_in(network, clip) for clip in clips], MODEL.num_classes - 1)


@pytest.mark.parametrize(("batch_size", "devices"), [(3, 1), (2, 8)])
def test_it_is_measured_by_what_is_recognised(network, expected, batch_size, devices):
    config = small_config(buckets=(16, 40))
    config.evaluation.batch_size = batch_size
    batches = evaluation_batches(config, dataset=CORPUS, devices=devices)
    mesh = clip_mesh(devices)
    timing = measure_timing(replicate(network, mesh), frame_features, batches, mesh)
    assert timing.pace > 0
    np.testing.assert_allclose(timing.conv_lag, expected.conv_lag, atol=1e-3)
    np.testing.assert_allclose(timing.pace, expected.pace, atol=1e-3)
    assert timing.sequence_lag == pytest.approx(expected.sequence_lag, abs=1e-3)
    np.testing.assert_allclose(timing.gloss_lags, expected.gloss_lags, atol=0.011)  # hundredths
    assert any(timing.gloss_lags)


def test_outputs_that_are_not_finite(network):
    mesh = clip_mesh(1)
    broken = dataclasses.replace(network, state=jax.tree.map(lambda x: x * np.nan, network.state))
    batches = evaluation_batches(small_config(), dataset=CORPUS)
    with pytest.raises(UserError, match="outputs for clip clip4 are not finite"):
        measure_timing(broken, frame_features, batches, mesh)


@pytest.mark.parametrize(
    ("clips", "chosen"), [(3, [0, 1, 2]), (256, range(256)), (257, range(0, 257, 2))]
)
def test_it_is_measured_on_clips_of_all_lengths(clips, chosen):
    assert [*timed_clips(range(clips))] == [*chosen]
