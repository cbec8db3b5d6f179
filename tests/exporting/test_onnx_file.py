"""Oracle: the recogniser itself; ONNX Runtime runs the file."""

import json

import numpy as np
import onnxruntime
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.exporting.onnx_file import write_onnx
from sfsign_jax.models.sign_model import for_inference, model_with
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

GLOSSES = ("A", "B", "Ö", "D", "E", "F")
SQUARE = Preprocessing((40, 40), (32, 32), frame_rate=25.0)


def recognizer_of(config, preprocessing=SQUARE, vocabulary=GLOSSES):
    state = state_of(config, oracle_of(config))
    return Recognizer(Network(state, config, preprocessing), vocabulary, Timing(-3.5, 7.25))


def session_of(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("changes", "preprocessing"),
    [
        ({}, SQUARE),
        (
            {"fusion": "FuseBiAdd2", "temporal_stack": ("K3",), "weight_norm": False, "alpha": 2},
            Preprocessing((40, 72), (32, 64)),
        ),
        (
            {
                "fusion": "FuseBiCat",
                "temporal_stack": ("P2", "K5", "P2", "K5"),
                "share_classifier": 0,
                "temporal_blocks": (2, 0, 1, 1),
            },
            SQUARE,
        ),
        ({"fusion": "FuseFastToSlow", "temporal_stack": ("K5", "P2", "K5")}, SQUARE),
    ],
    ids=["published", "one frame a step", "pool first", "plain SlowFast"],
)
def test_the_file_is_the_recogniser(changes, preprocessing, tmp_path):
    recognizer = recognizer_of(small_config(**changes), preprocessing)
    write_onnx(tmp_path / "sign.onnx", recognizer, "")
    session = session_of(tmp_path / "sign.onnx")
    rng = np.random.default_rng(0)
    size = preprocessing.frame_size
    clips = [rng.integers(0, 256, (n, *size, 3), np.uint8) for n in (13, 2, 1, 30, 32, 33, 95)]
    expected = recognizer.logits(clips)
    for i, clip in enumerate(clips):
        steps = expected.num_steps[i]
        logits, conv_logits = session.run(None, {"frames": clip})
        assert len(logits) == len(conv_logits) == steps
        np.testing.assert_allclose(logits, expected.sequence_logits[i, :steps], atol=1e-4)
        np.testing.assert_allclose(conv_logits, expected.conv_logits[i, :steps], atol=1e-4)
