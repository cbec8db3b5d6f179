"""Oracle: places that were put there, and what must hold for any."""

import jax.numpy as jnp
import numpy as np

from sfsign_jax.decoding import Timing, place_glosses, said_at
from sfsign_jax.decoding.places import FLATTENED, sign_spans

NOTHING = 1e-15


def frame_log_probs(peaks, num_frames, classes=4, phases=4):
    """Of a network that says each (token, frame) there, by a step that begins in every frame."""
    probabilities = np.full((num_frames, classes), NOTHING)
    probabilities[:, 0] = 0.9
    for token, frame in peaks:
        probabilities[frame] = NOTHING
        probabilities[frame, token] = 0.9
    steps = jnp.log(jnp.array(probabilities, jnp.float32)).reshape(-1, phases, classes)
    return steps.swapaxes(0, 1)


def test_a_gloss_is_said_in_the_middle_of_its_step():
    log_probs = frame_log_probs([(2, 5), (2, 6), (1, 14)], 24)
    said, confidence = said_at(log_probs, np.int32(6), np.array([2, 1, 3]), np.int32(2))
    np.testing.assert_allclose(said[:2], [7.5, 16], atol=1e-3)  # 5 to 8 and 6 to 9; 14 to 17
    np.testing.assert_allclose(confidence[:2], 0.9, rtol=1e-5)


def test_steps_past_the_clip_say_nothing():
    log_probs = frame_log_probs([(2, 5), (2, 21)], 24)
    said, _ = said_at(log_probs, np.int32(4), np.array([2]), np.int32(1))
    np.testing.assert_allclose(said, [7], atol=1e-3)


def test_what_speaks_for_a_gloss_weakly_counts_too_up_to_its_neighbours():
    log_probs = np.array(frame_log_probs([(1, 4), (2, 8), (1, 16)], 24))
    for frame, probability in [(9, 0.027), (10, 0.008), (5, 0.027), (17, 0.5)]:
        log_probs[frame % 4, frame // 4, 2] = np.log(probability)
    said, _ = said_at(log_probs, np.int32(6), np.array([1, 2, 1]), np.int32(3))
    weights = np.array([0.9, 0.027, 0.008, 0.027]) ** (1 / FLATTENED)
    np.testing.assert_allclose(said[1], weights @ [8, 9, 10, 5] / weights.sum() + 2, atol=1e-3)


def places_of(timing):
    """Of a gloss that the convolutions say in 9 to 12, and the BiLSTM in 3 to 6."""
    heads = frame_log_probs([(1, 9)], 24), frame_log_probs([(1, 3)], 24)
    clip = (np.int32(6), np.array([1]), np.int32(1))
    spans, confidences = place_glosses(
        *heads, *clip, timing=timing, num_frames=np.int32(60), start=np.int32(20)
    )
    np.testing.assert_allclose(confidences, 0.9, rtol=1e-5)
    return np.asarray(spans)[0].tolist()


def test_the_convolutions_place_a_gloss_and_a_bilstm_that_keeps_time():
    assert places_of(Timing(-2, None, 10)) == [30, 35]  # its middle is 20 + 11 + 2
    assert places_of(Timing(-2, -8, 10)) == [30, 35]
    assert places_of(Timing(-2, -4, 10)) == [28, 33]  # 20 + 5 + 4 by the BiLSTM


def test_a_gloss_has_a_lag_of_its_own():
    assert places_of(Timing(-2, None, 10, (-3.0, 5.0, 0.0))) == [33, 38]


def spans_of(middle, pace, num_frames, length=None):
    middle = np.array(middle, np.float32)
    length = np.int32(len(middle) if length is None else length)
    spans = sign_spans(middle, length, float(pace), np.int32(num_frames))
    return np.asarray(spans)[:length].tolist()


def test_a_sign_takes_its_share_of_the_way_to_its_neighbours():
    assert spans_of([10, 20, 30], 8, 50) == [[7, 12], [17, 22], [27, 32]]


def test_a_pause_says_nothing_of_a_sign():
    assert spans_of([10, 100], 10, 200) == [[7, 12], [97, 102]]
    assert spans_of([10], 10, 200) == [[7, 12]]


def test_entries_past_the_length_are_no_neighbours():
    assert spans_of([10, 12, 0], 10, 200, length=1) == [[7, 12]]


def test_the_frames_of_an_earlier_sentence_are_not_free():
    middle = np.array([10, 20], np.float32)
    spans = sign_spans(middle, np.int32(2), 10.0, np.int32(50), 9)
    assert np.asarray(spans).tolist() == [[9, 12], [17, 22]]


def test_signs_are_in_the_clip_in_order_and_one_at_a_time():
    rng = np.random.default_rng(0)
    for _ in range(200):
        num_frames = int(rng.integers(1, 40))
        length = int(rng.integers(1, num_frames + 1))
        middle = rng.uniform(-5, num_frames + 5, length)
        if rng.random() < 0.7:
            middle.sort()
        spans = spans_of(middle, rng.uniform(1, 20), num_frames)
        borders = np.array(spans).flatten()
        assert borders[0] >= 0
        assert borders[-1] < num_frames
        assert (np.diff(borders)[::2] >= 0).all()
        assert (np.diff(borders)[1::2] >= 1).all()
