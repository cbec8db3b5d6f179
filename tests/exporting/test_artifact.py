"""Oracle: the recogniser itself; the artifact runs where there is only jax and numpy."""

import subprocess
import sys
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.exporting.artifact import without_top_rows_on_device, write_artifact
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

NEEDED = ("jax", "jaxlib", "numpy", "numpy.libs", "ml_dtypes", "opt_einsum", "scipy", "scipy.libs")

RUN = """
import sys
sys.path.append(sys.argv[1])
import loader
import numpy as np
recognize = loader.load(sys.argv[1])
clips = np.load(sys.argv[2])
results = [recognize(clips[name]) for name in clips.files]
np.savez(sys.argv[3], *(result["logits"] for result in results))
for result in results:
    print(*result["glosses"], *result["spans"].ravel(), round(float(result["scores"][0]), 3))
try:
    recognize(clips[clips.files[0]][:, 1:])
except ValueError as error:
    print(error)
"""


def new_recognizer(vocabulary):
    config = small_config()
    state = state_of(config, oracle_of(config))
    return Recognizer(Network(state, config, Preprocessing((40, 40), (32, 32))), vocabulary)


@pytest.fixture
def bare(tmp_path):
    """A folder of packages like that of an environment with only jax and numpy."""
    folder = tmp_path / "packages"
    folder.mkdir()
    site = Path(np.__file__).parent.parent
    for name in NEEDED:
        if (site / name).exists():
            (folder / name).symlink_to(site / name)
    return folder


def test_the_artifact_is_the_recogniser(bare, tmp_path):
    recognizer = new_recognizer(("A", "B", "Ö", "D", "E", "F"))
    artifact = tmp_path / "sign.model"
    write_artifact(artifact, recognizer, ("cpu", "cuda", "tpu"))
    rng = np.random.default_rng(0)
    clips = [rng.integers(0, 256, (n, 40, 40, 3), np.uint8) for n in (1, 21, 40)]
    np.savez(tmp_path / "clips.npz", *clips)
    isolated = f"import sys; sys.path.insert(0, {str(bare)!r})\n{RUN}"
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", isolated, artifact, "clips.npz", "logits.npz"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    logits = np.load(tmp_path / "logits.npz")
    for clip, name, line in zip(clips, logits.files, lines[:-1], strict=True):
        expected = recognizer.recognize(clip)
        spans = [frame for span in expected.spans for frame in span]
        score = round(expected.log_probability, 3)
        assert line.split() == [*map(str, [*expected.glosses, *spans, score])]
        steps = len(expected.posteriors)
        ours = jax.nn.softmax(logits[name][:steps])
        np.testing.assert_allclose(ours, expected.posteriors, atol=1e-5)
    assert "frames are uint8 (1, 39, 40, 3), not uint8 (1, 40, 40, 3)" in lines[-1]


def test_no_vocabulary(tmp_path):
    with pytest.raises(UserError, match="no vocabulary"):
        write_artifact(tmp_path / "sign.model", new_recognizer(None), ("cpu",))
    assert not list(tmp_path.iterdir())


def test_top_rows_are_dropped_as_on_the_host():
    frame = np.random.default_rng(0).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    expected = cv2.resize(frame[10:], (48, 64), interpolation=cv2.INTER_LINEAR)
    difference = np.abs(
        np.asarray(without_top_rows_on_device(frame[None], 10))[0].astype(int) - expected
    )
    assert difference.max() <= 1
    np.testing.assert_array_equal(without_top_rows_on_device(frame[None], 0)[0], frame)
