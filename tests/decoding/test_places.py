"""Oracle: places that were put there, and what must hold for any."""

import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.decoding import Timing, measured_timing, said_at, sign_spans


def frame_log_probs(peaks, num_frames, classes=4, phases=4):
    """Of a network that says each (token, frame) there, by a step that begins in every frame."""
    probabilities = np.full((num_frames, classes), 0.01)
    probabilities[:, 0] = 0.9
    for token, frame in peaks:
        probabilities[frame] = 0.01
        probabilities[frame, token] = 0.9
    steps = jnp.log(jnp.array(probabilities, jnp.float32)).reshape(-1, phases, classes)
    return steps.swapaxes(0, 1)


def test_a_gloss_is_said_in_the_middle_of_its_step():
    log_probs = frame_log_probs([(2, 5), (2, 6), (1, 14)], 24)
    said, confidence = said_at(log_probs, np.int32(6), np.array([2, 1, 3]), np.int32(2))
    np.testing.assert_allclose(said[:2], [7.5, 16], atol=1e-5)  # 5 to 8 and 6 to 9; 14 to 17
    np.testing.assert_allclose(confidence[:2], 0.9, rtol=1e-5)


def test_steps_past_the_clip_say_nothing():
    log_probs = frame_log_probs([(2, 5), (2, 21)], 24)
    said, _ = said_at(log_probs, np.int32(4), np.array([2]), np.int32(1))
    np.testing.assert_allclose(said, [7], atol=1e-5)


def spans_of(said, timing, num_frames, length=None):
    said = np.array(said, np.float32)
    length = np.int32(len(said) if length is None else length)
    spans = sign_spans(said, length, timing.lag, timing.pace, np.int32(num_frames))
    return np.asarray(spans)[:length].tolist()


def test_a_sign_takes_its_share_of_the_way_to_its_neighbours():
    # Middles at 10, 20 and 30, so that signs last 6 frames.
    assert spans_of([7, 17, 27], Timing(-3, 8), 50) == [[7, 12], [17, 22], [27, 32]]


def test_a_pause_says_nothing_of_a_sign():
    assert spans_of([10, 100], Timing(0, 10), 200) == [[7, 12], [97, 102]]
    assert spans_of([10], Timing(0, 10), 200) == [[7, 12]]


def test_entries_past_the_length_are_no_neighbours():
    assert spans_of([10, 12, 0], Timing(0, 10), 200, length=1) == [[7, 12]]


def test_the_frames_of_an_earlier_sentence_are_not_free():
    said = np.array([10, 20], np.float32)
    spans = sign_spans(said, np.int32(2), 0.0, 10.0, np.int32(50), 9)
    assert np.asarray(spans).tolist() == [[9, 12], [17, 22]]


@pytest.mark.parametrize("lag", [-9.3, 0.0, 4.4])
def test_signs_are_in_the_clip_in_order_and_one_at_a_time(lag):
    rng = np.random.default_rng(0)
    for _ in range(200):
        num_frames = int(rng.integers(1, 40))
        length = int(rng.integers(1, num_frames + 1))
        frames = np.sort(rng.choice(num_frames, length, replace=False))
        said = frames + (rng.uniform(0, 1) if rng.random() < 0.5 else 2.0)
        spans = spans_of(said, Timing(lag, float(rng.uniform(1, 20))), num_frames)
        borders = np.array(spans).flatten()
        assert borders[0] >= 0
        assert borders[-1] < num_frames
        assert (np.diff(borders)[::2] >= 0).all()
        assert (np.diff(borders)[1::2] >= 1).all()


def test_how_early_a_network_is():
    rng = np.random.default_rng(0)
    said, lengths = [], []
    for _ in range(400):
        before, after = rng.uniform(10, 20, 2)
        middles = before + np.cumsum(rng.uniform(7, 9, rng.integers(1, 5)))
        said.append(middles - 3)
        lengths.append(middles[-1] + after + 8)
    timing = measured_timing([*said, []], [*lengths, 99])
    assert abs(timing.lag + 3) < 0.4
    assert abs(timing.pace - 8) < 0.2


def test_nothing_to_measure_by():
    assert measured_timing([], []) is None
    assert measured_timing([[], [3.0]], [9, 9]) is None


@pytest.mark.parametrize("timing", [(np.nan, 8), (0, 0), (0, np.inf)])
def test_no_timing(timing):
    with pytest.raises(ValueError, match="a lag of"):
        Timing(*timing)
