"""Oracle: clips whose signs were put there, and a network that lags behind them as it was told."""

import numpy as np
import pytest

from sfsign_jax.decoding import SaidGlosses, Timing, measured_timing

LAGS = np.array([-1.5, 0.5, 1.0, 0.0])  # of each gloss
SEEN = 3  # of the glosses


def clips_with_signs(number=400):
    """The tokens of each clip, the middles of their signs, and how many frames it has."""
    rng = np.random.default_rng(0)
    for _ in range(number):
        before, after = rng.uniform(10, 20, 2)
        count = rng.integers(1, 5)
        middles = before + np.cumsum(rng.uniform(7, 9, count))
        yield rng.integers(1, SEEN + 1, count), middles, middles[-1] + after + 8


def said(conv_lag, sequence_lag, gloss_lags=np.zeros(4)):
    for tokens, middles, length in clips_with_signs():
        times = middles + gloss_lags[tokens - 1]
        yield SaidGlosses(tokens, times + conv_lag, times + sequence_lag, length)


NOTHING = SaidGlosses(np.array([], int), np.array([]), np.array([]), 99)


def test_how_early_a_network_is():
    timing = measured_timing([*said(-3, -5), NOTHING], 4)
    assert abs(timing.conv_lag + 3) < 0.4
    assert timing.sequence_lag == pytest.approx(timing.conv_lag - 2)
    assert abs(timing.pace - 8) < 0.2
    np.testing.assert_allclose(timing.gloss_lags, 0, atol=0.2)
    assert abs(timing.margin - 23) < 0.4


def test_signs_said_after_the_clip_have_no_margin():
    late = SaidGlosses(np.array([1, 2]), np.array([4.0, 15]), np.array([4.0, 15]), 9)
    assert measured_timing([late], 2).margin == 0


def test_how_early_each_gloss_is():
    timing = measured_timing([*said(-3, -5, LAGS)], 4)
    # What all glosses have in common is a lag of the network as well.
    np.testing.assert_allclose(
        np.add(timing.gloss_lags, timing.conv_lag)[:SEEN], LAGS[:SEEN] - 3, atol=0.4
    )
    np.testing.assert_allclose(np.diff(timing.gloss_lags[:SEEN]), np.diff(LAGS[:SEEN]), atol=0.25)
    assert timing.gloss_lags[SEEN] == 0


def test_signs_that_were_not_recognised_tell_nothing_of_the_others():
    """They leave twice the pace between their neighbours, or a clip off its centre."""
    rng = np.random.default_rng(1)

    def without_one(clip):
        if len(clip.tokens) < 2 or rng.random() < 0.7:
            return clip
        lost = rng.integers(len(clip.tokens))
        return SaidGlosses(*(np.delete(x, lost) for x in clip[:3]), clip.num_frames)

    timing = measured_timing([*map(without_one, said(-3, -5, LAGS))], 4)
    np.testing.assert_allclose(np.diff(timing.gloss_lags[:SEEN]), np.diff(LAGS[:SEEN]), atol=0.3)


def test_of_few_signs_little_is_believed():
    clips = [SaidGlosses(np.array([1, 2]), np.array([10.0, 20]), np.array([10.0, 20]), 30)] * 9
    late = SaidGlosses(np.array([1, 3]), np.array([10.0, 22]), np.array([10.0, 22]), 30)
    assert 0 < measured_timing([*clips, late], 3).gloss_lags[2] < 1


@pytest.mark.parametrize(("strays", "counts"), [(0.5, True), (2, False)])
def test_a_bilstm_that_keeps_no_time(strays, counts):
    rng = np.random.default_rng(1)
    clips = [
        clip._replace(by_sequence=clip.by_conv + rng.normal(0, strays, len(clip.tokens)))
        for clip in said(0, 0)
    ]
    assert (measured_timing(clips, 4).sequence_lag is not None) == counts


def test_nothing_to_measure_by():
    assert measured_timing([], 4) is None
    one = SaidGlosses(np.array([2]), np.array([3.0]), np.array([3.0]), 9)
    assert measured_timing([NOTHING, one], 4) is None


@pytest.mark.parametrize(
    "timing",
    [
        (np.nan, 0, 8),
        (0, np.inf, 8),
        (0, None, 0),
        (0, 0, np.inf),
        (0, 0, 8, (0.0, np.nan)),
    ],
)
def test_no_timing(timing):
    with pytest.raises(ValueError, match="frames and a pace of"):
        Timing(*timing)


@pytest.mark.parametrize("margin", [-1.0, np.nan, np.inf])
def test_no_margin(margin):
    with pytest.raises(ValueError, match="a margin of"):
        Timing(0, None, 8, margin=margin)
