"""Oracle: the recogniser itself; ONNX Runtime runs the file."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import spox
from flax import nnx
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.exporting.onnx_file import onnx_model, write_onnx
from sfsign_jax.exporting.onnx_graph.frames import without_top_rows
from sfsign_jax.models.sign_model import for_inference
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

GLOSSES = ("A", "B", "Ö", "D", "E", "F")
SQUARE = Preprocessing((40, 40), (32, 32), frame_rate=25.0)
WIDE = Preprocessing((40, 72), (32, 64))
PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


def recognizer_of(config, preprocessing=SQUARE, vocabulary=GLOSSES):
    state = state_of(config, oracle_of(config))
    return Recognizer(Network(state, config, preprocessing), vocabulary, Timing(-2.5, -3.5, 7.25))


def session_of(model):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def clip_of(num_frames, preprocessing=SQUARE):
    rng = np.random.default_rng(num_frames)
    return rng.integers(0, 256, (num_frames, *preprocessing.frame_size, 3), np.uint8)


@pytest.mark.parametrize(
    ("changes", "preprocessing"),
    [
        ({}, SQUARE),
        (
            {"fusion": "FuseBiAdd2", "temporal_stack": ("K3",), "weight_norm": False, "alpha": 2},
            WIDE,
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
    ids=["published", "a step a frame", "pool first", "plain SlowFast"],
)
def test_the_file_is_the_recogniser(changes, preprocessing):
    recognizer = recognizer_of(small_config(**changes), preprocessing)
    session = session_of(onnx_model(recognizer.network).SerializeToString())
    clips = [clip_of(n, preprocessing) for n in (13, 2, 1, 30, 32, 33, 95)]
    expected = recognizer.logits(clips)
    for i, clip in enumerate(clips):
        if (steps := expected.num_steps[i]) == 0:  # shorter than what one step sees
            with pytest.raises(InvalidArgument):
                session.run(None, {"frames": clip})
            continue
        logits, conv_logits = session.run(None, {"frames": clip})
        assert len(logits) == len(conv_logits) == steps
        np.testing.assert_allclose(logits, expected.sequence_logits[i, :steps], atol=1e-4)
        np.testing.assert_allclose(conv_logits, expected.conv_logits[i, :steps], atol=1e-4)


def test_of_a_model_with_its_batch_norms_the_file_is_the_same():
    network = recognizer_of(small_config()).network
    model = for_inference(network.model())
    folded = Network(nnx.state(model), model.config, SQUARE)
    assert onnx_model(network) == onnx_model(folded)


def test_top_rows_are_dropped_as_on_the_host():
    preprocessing = Preprocessing((64, 48), (32, 32), drop_top_rows=10)
    frame = np.random.default_rng(0).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    expected = cv2.resize(frame[10:], (48, 64), interpolation=cv2.INTER_LINEAR)
    pixels = spox.argument(spox.Tensor(np.float32, ("n", 3, 64, 48)))
    model = spox.build({"pixels": pixels}, {"rest": without_top_rows(pixels, preprocessing)})
    images = frame[None].transpose(0, 3, 1, 2).astype(np.float32)
    [rest] = session_of(model.SerializeToString()).run(None, {"pixels": images})
    assert np.abs(rest[0].transpose(1, 2, 0) - expected).max() <= 1


@pytest.fixture(scope="module")
def recognizer():
    return recognizer_of(small_config())


def test_metadata(recognizer, tmp_path):
    write_onnx(tmp_path / "sign.onnx", recognizer)
    metadata = session_of(tmp_path / "sign.onnx").get_modelmeta().custom_metadata_map
    assert {key: json.loads(text) for key, text in metadata.items()} == {
        "vocabulary": [*GLOSSES],
        "blank": 0,
        "frame_size": [40, 40],
        "frame_rate": 25.0,
        "frames_per_step": 4,
        "timing": {
            "conv_lag": -2.5,
            "sequence_lag": -3.5,
            "pace": 7.25,
            "gloss_lags": [],
            "margin": None,
        },
    }


def test_the_program_of_the_page_needs_only_numpy_and_onnxruntime(tmp_path):
    recognizer, clip = recognizer_of(small_config(weight_norm=False)), clip_of(60)
    # Random weights say one gloss all the time: here as much is said of each, and more of blank.
    bias = recognizer.network.state["paths"]["main"]["classifier"]["bias"]
    usual = recognizer.logits([clip]).sequence_logits[0].mean(0)
    bias.set_value((bias[...] - usual).at[0].add(0.01))
    best = recognizer.logits([clip]).sequence_logits[0].argmax(-1).tolist()
    assert best == [3, 3, 6, 4, 4, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5]
    write_onnx(tmp_path / "sign.onnx", recognizer)
    np.save(tmp_path / "frames.npy", clip)
    program = re.search("```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    alone = "import sys\nsys.modules |= {'jax': None, 'sfsign_jax': None}\n"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", alone + program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [line.split() for line in done.stdout.splitlines()]
    # The middles of the steps 0, 2, 3 and 11, of four frames each, and the lag.
    middles = [("5.5", "Ö"), ("13.5", "F"), ("17.5", "D"), ("49.5", "E")]
    assert said == [["frame", *middle] for middle in middles]


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((0, 40, 40, 3), np.uint8),
        np.zeros((5, 40, 40), np.uint8),
        np.zeros((5, 39, 40, 3), np.uint8),
        np.zeros((5, 40, 40, 3), np.float32),
    ],
    ids=["none", "grey", "another size", "floats"],
)
def test_wrong_frames_are_refused(recognizer, frames):
    session = session_of(onnx_model(recognizer.network).SerializeToString())
    with pytest.raises(InvalidArgument):
        session.run(None, {"frames": frames})


def test_no_vocabulary(tmp_path):
    with pytest.raises(UserError, match="no vocabulary"):
        write_onnx(tmp_path / "sign.onnx", recognizer_of(small_config(), vocabulary=None))
    assert not list(tmp_path.iterdir())
