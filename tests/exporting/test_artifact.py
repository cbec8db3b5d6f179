"""Oracle: the recogniser itself; the artifact runs where there is only jax and numpy."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import jax
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.exporting.artifact import without_top_rows_on_device, write_artifact
from sfsign_jax.exporting.loader import load, read_frames
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

NEEDED = ("jax", "jaxlib", "numpy", "numpy.libs", "ml_dtypes", "opt_einsum", "scipy", "scipy.libs")

RUN = """
import sys
sys.path.append(sys.argv[1])
import loader
import numpy as np
sys.path.remove(sys.argv[1])
before = [*sys.path]
recognize = loader.load(sys.argv[1])
assert sys.path == before
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


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "sign.model"
    write_artifact(path, new_recognizer(tuple("ABCDEF")), ("cpu",))
    return path


def copied(artifact, path, change=lambda name, content: content, **options):
    """The file with other contents."""
    with zipfile.ZipFile(artifact) as old, zipfile.ZipFile(path, "w", **options) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return path


def bomb(name, content):
    """Arrays of 64 megabytes in 64 kilobytes."""
    if name != "weights.npz":
        return content
    arrays = io.BytesIO()
    np.savez_compressed(arrays, np.zeros(2**24, np.float32))
    return arrays.getvalue()


def test_damage_and_bombs_are_one_sentence(artifact, tmp_path):
    whole = artifact.read_bytes()
    path = tmp_path / "damaged.model"
    for place in (0.1, 0.5):  # in the program, in the weights
        start = int(place * len(whole))
        inverted = bytes(255 - byte for byte in whole[start : start + 64])
        path.write_bytes(whole[:start] + inverted + whole[start + 64 :])
        with pytest.raises(ValueError, match=r"damaged\.model is damaged"):
            load(path)
    for content in (b"", b"text", whole[:1000], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"damaged\.model is damaged"):
            load(path)
    with pytest.raises(ValueError, match="unpacks to more than it is"):
        load(copied(artifact, path, bomb))
    with pytest.raises(ValueError, match="unpacks to more than it is"):
        load(copied(artifact, path, compression=zipfile.ZIP_DEFLATED))
    with pytest.raises(ValueError, match=r"missing\.model is damaged"):
        load(tmp_path / "missing.model")


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((0, 40, 40, 3), np.uint8),
        np.zeros((5, 40, 40), np.uint8),
        np.zeros((5, 40, 40, 3), np.float32),
        np.uint8(3),
        [[1], [2]],
    ],
    ids=["none", "grey", "floats", "a number", "a list"],
)
def test_wrong_frames(artifact, frames):
    path = [*sys.path]
    with pytest.raises(ValueError, match="frames are"):
        load(artifact)(frames)
    assert sys.path == path


def test_files_that_hold_no_frames(tmp_path):
    path = tmp_path / "frames.npy"
    header = (
        b"\x93NUMPY\x01\x00\x76\x00"
        + (b"{'descr': '|u1', 'fortran_order': False, 'shape': (10000000000, 40, 40, 3), }").ljust(
            0x75
        )
        + b"\n"
    )
    for content in (b"", b"text", b"\x93NUMPY", header + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"frames\.npy is no \.npy file"):
            read_frames(path)
    np.savez(tmp_path / "frames.npz", np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="several arrays"):
        read_frames(tmp_path / "frames.npz")
    with pytest.raises(ValueError, match="No such file"):
        read_frames(tmp_path / "missing.npy")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [([], 2, "usage:"), (["frames.npy"], 2, "error: frames.npy is no .npy file")],
)
def test_mistakes_on_the_command_line(artifact, tmp_path, arguments, status, message):
    done = subprocess.run(
        [sys.executable, artifact, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == status
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


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
