"""Every way into a recogniser takes frames as stored, and shows the network the same pixels."""

import types

import jax
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.frames import drop_top_rows
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import Timing
from sfsign_jax.recognition import grad_cam, network
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

ROWS = 10
CONFIG = small_config()


def new_recognizer(drop_top_rows):
    preprocessing = Preprocessing((40, 40), (32, 32), drop_top_rows)
    state = state_of(CONFIG, oracle_of(CONFIG))
    return Recognizer(Network(state, CONFIG, preprocessing), tuple("ABCDEF"))


@pytest.fixture(scope="module")
def stored():
    return np.random.default_rng(0).integers(0, 256, (30, 40, 40, 3), np.uint8)


@pytest.fixture(scope="module")
def dropped(stored):
    return np.stack([drop_top_rows(frame, ROWS) for frame in stored])


def without_arrays(recognition):
    return recognition._replace(posteriors=None)


def test_rows_are_dropped_once_whichever_way_frames_come_in(stored, dropped):
    ours, plain = new_recognizer(ROWS), new_recognizer(0)
    np.testing.assert_array_equal(
        ours.logits([stored]).sequence_logits, plain.logits([dropped]).sequence_logits
    )
    recognition, expected = ours.recognize(stored), plain.recognize(dropped)
    assert without_arrays(recognition) == without_arrays(expected)
    found, of_video = ([*r.recognize_video(iter(x))] for r, x in ((ours, stored), (plain, dropped)))
    assert [*map(without_arrays, found)] == [*map(without_arrays, of_video)]
    maps, expected_maps = (
        [*r.explain(x, recognition)] for r, x in ((ours, stored), (plain, dropped))
    )
    assert len(maps) == len(recognition.glosses) > 0
    for activation, other in zip(maps, expected_maps, strict=True):
        for pathway, of_other in zip(activation, other, strict=True):
            np.testing.assert_array_equal(pathway.maps, of_other.maps)


def test_a_short_video_goes_through_temporal_convolutions_and_bilstm_once(stored):
    """The scan of a BiLSTM is a loop, and the backbone has none."""
    own = new_recognizer(0).network
    count = np.array([30], np.int32)
    features = network.frame_features(own, stored[None], count)
    arguments = {
        "frame_features": (own, stored[None], count),
        "temporal_steps": (own, features, count),
        "sequence_logits": (own, np.zeros((1, 8, CONFIG.hidden_size), np.float32), count),
    }
    loops = {
        name: getattr(network, name).program().lower(*values).as_text().count("while(")
        for name, values in arguments.items()
    }
    assert loops["frame_features"] == loops["temporal_steps"] == 0 < loops["sequence_logits"]


@pytest.mark.parametrize(
    ("pace", "margin", "pause_frames", "expected"),
    [
        (12, None, None, (6, 3)),  # as long a margin as signs take
        (7, 7.9, None, (6, 1)),
        (23, 27.5, None, (10, 5)),  # half the pause at most
        (12, 0.0, None, (6, 0)),
        (12, 99.0, 9, (2, 1)),
    ],
)
def test_a_pause_is_kept_as_far_as_training_clips_have_one(pace, margin, pause_frames, expected):
    """Of the network's four frames a step."""
    recognizer = new_recognizer(0)
    recognizer.timing = Timing(0.0, None, pace, margin=margin)
    rule = recognizer.pause_rule(pause_frames)
    assert (rule.pause_steps, rule.margin_steps) == expected


@pytest.mark.parametrize("module", [network, grad_cam], ids=lambda m: m.__name__)
def test_every_program_of_the_network_is_compiled_with_the_backends_options(
    module: types.ModuleType,
):
    plain = type(jax.jit(lambda: 0))
    own = [x for x in vars(module).values() if getattr(x, "__module__", "") == module.__name__]
    assert [x.__name__ for x in own if isinstance(x, plain)] == []
