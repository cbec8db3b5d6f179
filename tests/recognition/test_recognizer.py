"""Every way into a recogniser takes frames as stored, and shows the network the same pixels."""

import types

import jax
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.frames import drop_top_rows
from sfsign_jax.data.transforms import Preprocessing
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


@pytest.mark.parametrize("module", [network, grad_cam], ids=lambda m: m.__name__)
def test_every_program_of_the_network_is_compiled_with_the_backends_options(
    module: types.ModuleType,
):
    plain = type(jax.jit(lambda: 0))
    own = [x for x in vars(module).values() if getattr(x, "__module__", "") == module.__name__]
    assert [x.__name__ for x in own if isinstance(x, plain)] == []
