"""Wrong input: one sentence, status 2, no traceback, nothing half-written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from flax import nnx
from forked import run_forked as run
from oracle import oracle_of, small_config, state_of

from sfsign_jax.checkpoint import (
    ModelDescription,
    fingerprint,
    load_checkpoint,
    read_description,
    save_checkpoint,
)
from sfsign_jax.data.batching import Batching
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches
from sfsign_jax.data.frame_clips import EvaluationFrames
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.recognition.network import Network, frame_features
from sfsign_jax.recognition.timing import measure_timing
from sfsign_jax.runtime.mesh import clip_mesh

ROOT = Path(__file__).parents[2]
CONFIG = ["--config", str(ROOT / "configs" / "demo.py")]


def start(*arguments, cwd):
    """As run, by the interpreter itself: once for each command line, since it takes seconds."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def assert_one_sentence(result, *words):
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    for word in words:
        assert word in errors[0]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A small model of three glosses that no dataset has."""
    config = small_config(num_classes=4)
    folder = tmp_path_factory.mktemp("models") / "small"
    preprocessing = Preprocessing((40, 40), (32, 32))
    description = ModelDescription(config, ("X", "Y", "Z"), preprocessing, "drawn at random")
    save_checkpoint(folder, state_of(config, oracle_of(config)), description)
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A prepared dataset of a few synthetic clips."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare = ["-m", "sfsign_jax.prepare", "synthetic_signs/demo", "--clips", "6,2,2"]
    result = start(*prepare, "--prepared_dir", folder, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "6 train, 2 dev, 2 test clips" in result.stdout
    assert re.search(r"^  clips +6 +2 +2$", result.stdout, re.M)
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workdir", "run"], ["--config"]),
        ([*CONFIG], ["--workdir"]),
        (
            [*CONFIG, "--workdir", "run", "--config.optimizer.learning_rat=1"],
            ["the config has no key 'learning_rat' Did you mean \"learning_rate\""],
        ),
        ([*CONFIG, "--workdir", "run", "--config.zzz.y=1"], ["the config has no key 'zzz'"]),
        ([*CONFIG, "--workdir", "run", "--config.data.prepared_dir=nowhere"], ["prepare"]),
        (
            [*CONFIG, "--workdir", "run", "--config.training.head_epochs=-1"],
            ["config.training.head_epochs is -1"],
        ),
        (
            [*CONFIG, "--workdir", "run", "--config.training.padding=reference"],
            ["head_epochs needs", "'masked'"],
        ),
        (
            [*CONFIG, "--workdir", "run", "--config.loss.conv_ctc=0.0"],
            ["head_epochs needs config.loss.conv_ctc"],
        ),
        (
            [*CONFIG, "--workdir", "run", "--config.loss.seq_ctc=0.0"],
            ["head_epochs needs config.loss.seq_ctc"],
        ),
        (
            [
                *CONFIG,
                *("--workdir", "run", "--config.loss.seq_ctc=0.0"),
                "--config.training.head_epochs=0",
            ],
            ["config.loss.seq_ctc is 0: the BiLSTM"],
        ),
        (["--config", "configs/missing.py", "--workdir", "run"], ["missing.py"]),
    ],
    ids=[
        *("no config", "no workdir", "unknown key", "unknown part", "no data"),
        *("negative stage", "stage without masks", "stage without convolutions"),
        *("stage without BiLSTM", "no BiLSTM", "missing config"),
    ],
)
def test_train(arguments, words, tmp_path):
    assert_one_sentence(run("-m", "sfsign_jax.train", *arguments, cwd=tmp_path), *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["batch_size", "head_batch_size"])
def test_too_few_training_clips(key, prepared, tmp_path):
    """Said at once, also where the second stage is what has too few."""
    arguments = [*CONFIG, *data_in(prepared), f"--config.training.{key}=7"]
    result = run("-m", "sfsign_jax.train", *arguments, "--workdir", "run", cwd=tmp_path)
    assert_one_sentence(result, "has 6 training clips", f"config.training.{key}")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_train_evaluate_and_recognize(prepared, tmp_path):
    """A run of an epoch of two batches and one of a new head, end to end."""
    small = [
        *data_in(prepared),
        "--config.model.width=8",
        "--config.model.beta_inv=2",
        "--config.model.hidden_size=8",
        "--config.model.pathway_enhancement=False",
        "--config.training.epochs=1",
        "--config.training.head_epochs=1",
        "--config.training.batch_size=3",
        "--config.evaluation.batch_size=2",
    ]
    workdir = tmp_path / "run"
    trained = start("-m", "sfsign_jax.train", *CONFIG, "--workdir", workdir, *small, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    log = (workdir / "train.log").read_text()
    assert "epoch 1/1" in log
    assert "dev WER" in log
    assert list(workdir.glob("events.out.tfevents*"))
    assert len(json.loads((workdir / "head" / "metrics.json").read_text())) == 1

    other = ["--config.optimizer.learning_rate=1.0", "--workdir", workdir]
    again = run("-m", "sfsign_jax.train", *CONFIG, *small, *other, cwd=tmp_path)
    assert_one_sentence(again, "config.optimizer.learning_rate is 0.012 there and 1.0 now")

    best = workdir / "best"
    evaluate = ["-m", "sfsign_jax.evaluate", *CONFIG, *small, "--checkpoint", best]
    evaluated = start(*evaluate, "--split", "test", cwd=tmp_path)
    assert evaluated.returncode == 0, evaluated.stderr
    assert evaluated.stdout.count("WER") == 2
    results = workdir / "evaluation" / "test"
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["checkpoint"] == "best"
    assert metrics["fingerprint"] == fingerprint(nnx.state(load_checkpoint(best)[0]))
    assert "test-00000" in (results / "report.html").read_text()
    heads = metrics["heads"]
    for head in ("BiLSTM", "conv"):
        files = ["--reference", results / "references.stm", "--hypothesis", results / f"{head}.ctm"]
        scored = (start if head == "conv" else run)("-m", "sfsign_jax.score", *files, cwd=tmp_path)
        assert f"{heads[head]['rate'] / 100:.2%}" in scored.stdout
        assert scored.stdout.splitlines()[0] in evaluated.stdout
    assert_one_sentence(run(*evaluate, "--split", "tset", cwd=tmp_path), "tset", "dev")
    fetched = ["-m", "sfsign_jax.evaluate", *CONFIG, "--checkpoint", "hf://anna/signs"]
    assert_one_sentence(run(*fetched, cwd=tmp_path), "hf://anna/signs", "--output")

    extract = ["-m", "sfsign_jax.extract_features", *CONFIG, *small, "--checkpoint", best]
    extracted = start(*extract, "--output", "features", cwd=tmp_path)
    assert extracted.returncode == 0, extracted.stderr
    assert "features of 10 clips" in extracted.stdout
    assert len(list((tmp_path / "features").glob("*/*.npz"))) == 10
    assert_one_sentence(run(*extract, cwd=tmp_path), "--output")

    align = ["-m", "sfsign_jax.align", "--checkpoint", best, "--prepared_dir", prepared]
    align += ["--prepared", "synthetic_signs/demo_6_2_2", "--split"]
    aligned = start(*align, "test", cwd=tmp_path)
    assert aligned.returncode == 0, aligned.stderr
    table = workdir / "alignment" / "test" / "glosses.csv"
    assert f"2 clips of synthetic_signs/demo_6_2_2 test aligned: {table}" in aligned.stdout
    assert table.read_text().startswith("id,signer,gloss,first_frame,last_frame,start,end,")
    assert_one_sentence(run(*align, "tset", cwd=tmp_path), "tset", "dev")

    video = tmp_path / "clip.mp4"
    exported = start(
        ROOT / "tools" / "export_clip.py",
        "synthetic_signs/demo_6_2_2",
        video,
        f"--prepared_dir={prepared}",
        cwd=tmp_path,
    )
    assert exported.returncode == 0, exported.stderr
    recognize = ["-m", "sfsign_jax.recognize", "--checkpoint", best, "--format", "json", video]
    recognized = start(*recognize, cwd=tmp_path)
    assert recognized.returncode == 0, recognized.stderr
    assert json.loads((tmp_path / "clip.glosses.json").read_text())["frame_rate"] == 25


@pytest.mark.parametrize("command", ["evaluate", "measure_timing"])
def test_another_vocabulary(command, checkpoint, prepared, tmp_path):
    arguments = [*CONFIG, *data_in(prepared), "--checkpoint", checkpoint]
    result = run("-m", f"sfsign_jax.{command}", *arguments, cwd=tmp_path)
    assert_one_sentence(result, "another vocabulary")


def data_in(prepared):
    return [
        "--config.data.name=synthetic_signs/demo_6_2_2",
        f"--config.data.prepared_dir={prepared}",
    ]


@pytest.mark.slow
def test_measure_timing(prepared, tmp_path):
    """As `measure_timing` has it of each clip by itself; random weights see something, too."""
    dataset = open_dataset("synthetic_signs/demo_6_2_2", prepared)
    config = small_config(num_classes=len(dataset.vocabulary) + 1, weight_norm=False)
    preprocessing = Preprocessing((72, 72), (64, 64))
    description = ModelDescription(config, dataset.vocabulary, preprocessing)
    state = state_of(config, oracle_of(config))
    folder = tmp_path / "model"
    save_checkpoint(folder, state, description)

    measure = ["-m", "sfsign_jax.measure_timing", *CONFIG, *data_in(prepared)]
    measured = start(*measure, "--checkpoint", "model", cwd=tmp_path)
    assert measured.returncode == 0, measured.stderr
    mesh, clips = clip_mesh(1), EvaluationFrames(dataset, "train")
    batches = evaluation_batches(clips, Batching(1, (64,)), range(6), mesh)
    network = Network(state, config, preprocessing)
    expected = measure_timing(network, frame_features, batches, mesh)
    timing = read_description(folder).timing
    assert (timing.conv_lag, timing.pace) == pytest.approx(
        (expected.conv_lag, expected.pace), abs=1e-3
    )
    assert f"lag of the convolutions {timing.conv_lag:.1f} frames, of the " in measured.stdout
    assert f"pace {timing.pace:.1f}, by 6 clips" in measured.stdout
    recognize = ["-m", "sfsign_jax.recognize", "--checkpoint", "model", "missing.mp4"]
    assert "measure_timing" not in run(*recognize, cwd=tmp_path).stderr

    blank = state["paths"]["main"]["classifier"]["bias"]
    blank[...] = blank[...].at[0].set(1000)
    save_checkpoint(folder, state, description)
    untrained = run(*measure, "--checkpoint", "model", cwd=tmp_path)
    assert_one_sentence(untrained, "two signs in none of 6 clips", "is it trained?")
    assert read_description(folder).timing is None


def test_recognize(checkpoint, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    recognize = ["-m", "sfsign_jax.recognize", "--checkpoint", checkpoint]
    assert_one_sentence(run(*recognize, frames, cwd=tmp_path), "has no frames")
    assert_one_sentence(run(*recognize, "missing.mp4", cwd=tmp_path), "missing.mp4")
    (frames / "0.png").write_bytes(b"not an image")
    assert_one_sentence(run(*recognize, frames, cwd=tmp_path), "0.png", "not an image")
    assert not list(tmp_path.glob("*.timeline.png"))
    for i in range(9):
        cv2.imwrite(str(frames / f"{i}.png"), np.full((50, 60, 3), 20 * i, np.uint8))
    result = run(*recognize, frames, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert cv2.imread(str(tmp_path / "frames.timeline.png")).shape[1] > 1000
    timed = [*recognize, "--format", "srt", "--format", "eaf"]
    assert_one_sentence(run(*timed, frames, cwd=tmp_path), "folder", "--frame_rate")
    assert_one_sentence(run(*recognize, frames, "frames.mp4", cwd=tmp_path), "called frames")

    several = run(*timed, "--frame_rate", "25", "missing.mp4", frames, cwd=tmp_path)
    assert several.returncode == 1
    _, told, *errors = several.stderr.splitlines()
    assert "small has no timing" in told
    assert errors == [
        "error: there is no video or folder of frames at missing.mp4",
        "1 of 2 videos could not be recognised",
    ]
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "frames.timeline.png",
        "frames.glosses.srt",
        "frames.glosses.eaf",
    }


def test_align(checkpoint, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for i in range(9):
        cv2.imwrite(str(frames / f"{i}.png"), np.full((50, 60, 3), 20 * i, np.uint8))
    align = ["-m", "sfsign_jax.align", "--checkpoint", checkpoint, "frames", "--format", "json"]
    known = [*align, "--frame_rate", "25", "--glosses"]
    assert_one_sentence(run(*align, "--glosses", "X", cwd=tmp_path), "--frame_rate")
    assert_one_sentence(run(*known, "X W", cwd=tmp_path), "no gloss 'W', but X, Y, Z")
    assert_one_sentence(run(*known, "X Y X Y", cwd=tmp_path), "4 glosses need 4 steps")
    result = run(*known, "Y X", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    transcript = json.loads((tmp_path / "frames.glosses.json").read_text())
    [sentence] = transcript["sentences"]
    assert sentence["text"] == "Y X"
    assert sentence["glosses"][0]["frames"][1] < sentence["glosses"][1]["frames"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments VIDEO --table --prepared is required"),
        (["clip.mp4"], "VIDEO and --glosses go together"),
        (["--table", "corpus.csv", "--glosses", "X"], "VIDEO and --glosses go together"),
        (["clip.mp4", "--glosses", "X", "--table", "corpus.csv"], "not allowed with"),
        (["--table", "corpus.csv", "--prepared", "set"], "not allowed with"),
        (["--prepared", "set"], "--prepared and --split go together"),
        (["--table", "corpus.csv", "--split", "dev"], "--prepared and --split go together"),
        (["--prepared", "set", "--split", "dev", "--format", "eaf"], "it writes one table"),
    ],
)
def test_align_takes_one_thing(arguments, message, tmp_path):
    result = run("-m", "sfsign_jax.align", "--checkpoint", "model", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr.splitlines()[-1]


def test_align_table(checkpoint, tmp_path):
    for name in ("one", "two", "three", "own/one"):
        (tmp_path / name).mkdir(parents=True)
        for i in range(9):
            image = np.full((50, 60, 3), 20 * i, np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{i}.png"), image)
    (tmp_path / "done.eaf").touch()

    def align(*rows, options=()):
        table = "\n".join(["id,video,glosses,split", *rows, ""])
        (tmp_path / "corpus.csv").write_text(table)
        command = ["-m", "sfsign_jax.align", "--checkpoint", checkpoint, "--table", "corpus.csv"]
        return run(*command, "--format", "srt", "--frame_rate", "25", *options, cwd=tmp_path)

    assert_one_sentence(align(), "corpus.csv has no row but its header")
    assert_one_sentence(align("a,one,X Y,train", "b,done.eaf,,dev"), "line 3", "has times already")
    assert_one_sentence(align("a,../elsewhere,X,train"), "line 2", "leads out")
    twice = ["a,one,X,train", "b,own/one,Y,train"]
    assert_one_sentence(align(*twice, options=["--output", "."]), "2 of the videos are called one")
    assert not list(tmp_path.rglob("*.srt"))
    only = align("a,one,X W,train")
    assert_one_sentence(only, "corpus.csv, line 2: this model knows no gloss 'W'")

    rows = ["a,one,X Y,train", "b,two,W,train", "c,gone.mp4,X,dev", "d,three,,dev"]
    several = align(*rows, "e,own/one,Z,dev")
    assert several.returncode == 1
    assert several.stderr.splitlines()[2:] == [  # after the platform, and that there is no timing
        "error: corpus.csv, line 3: this model knows no gloss 'W', but X, Y, Z and so on: 3 in all",
        "error: corpus.csv, line 4: there is no video or folder of frames at gone.mp4",
        "error: corpus.csv, line 5: there are no glosses to align",
        "3 of 5 videos could not be aligned",
    ]
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.srt")} == {
        "one.glosses.srt",
        "own/one.glosses.srt",
    }
    assert "Z" in (tmp_path / "own" / "one.glosses.srt").read_text()


@pytest.mark.slow
def test_live_and_export(checkpoint, tmp_path):
    live = ["-m", "sfsign_jax.live", "--checkpoint", checkpoint, "--follow", "missing.mkv"]
    assert_one_sentence(start(*live, cwd=tmp_path), "missing.mkv")
    export = ["-m", "sfsign_jax.export", "--checkpoint", checkpoint, "--output"]
    nowhere = start(*export, "nowhere/sign.model", "--platforms", "cpu", cwd=tmp_path)
    assert_one_sentence(nowhere, "nowhere/sign.model")
    unknown = run(*export, "sign.model", "--platforms", "cpu,abacus", cwd=tmp_path)
    assert unknown.returncode == 2
    assert "abacus: choose of cpu, cuda, rocm, tpu" in unknown.stderr
    unsaid = run(*export, "sign.onnx", cwd=tmp_path)
    assert unsaid.returncode == 2
    assert "sign.onnx would be no ONNX file: add --format onnx" in unsaid.stderr
    as_onnx = [*export, "sign.onnx", "--format", "onnx"]
    both = run(*as_onnx, "--platforms", "cpu", cwd=tmp_path)
    assert both.returncode == 2
    assert "--platforms is for the program" in both.stderr
    assert not list(tmp_path.iterdir())
    exported = run(*as_onnx, cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    entries = onnx.load(tmp_path / "sign.onnx").metadata_props
    about = {entry.key: json.loads(entry.value) for entry in entries}
    assert about["vocabulary"] == ["X", "Y", "Z"]


def test_convert(tmp_path):
    (tmp_path / "broken.pt").write_bytes(b"no checkpoint")
    convert = [ROOT / "tools" / "convert_weights.py"]
    assert_one_sentence(start(*convert, "broken.pt", "model", cwd=tmp_path), "broken.pt")
    assert_one_sentence(run(*convert, "missing.pt", "model", cwd=tmp_path), "missing.pt")
    (tmp_path / "evil.pkl").write_bytes(b"cbuiltins\nopen\n(Vran\nVw\ntR.")
    (tmp_path / "glosses.txt").write_text("A\nB\n")
    evil = run(*convert, "evil.pkl", "model", "--vocabulary", "glosses.txt", cwd=tmp_path)
    assert_one_sentence(evil, "evil.pkl", "asks to run builtins.open")
    assert_one_sentence(run(*convert, "evil.pkl", "model", cwd=tmp_path), "--vocabulary")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"broken.pt", "evil.pkl", "glosses.txt"}


def test_convert_there_and_back(checkpoint, tmp_path):
    convert = [ROOT / "tools" / "convert_weights.py"]
    to = run(*convert, checkpoint, "model.pt", "--to-pytorch", cwd=tmp_path)
    assert to.returncode == 0, to.stderr
    again = run(*convert, checkpoint, "model.pt", "--to-pytorch", cwd=tmp_path)
    assert_one_sentence(again, "model.pt exists already")
    (tmp_path / "glosses.txt").write_text("A\nB\n")
    short = run(*convert, "model.pt", "back", "--vocabulary", "glosses.txt", cwd=tmp_path)
    assert_one_sentence(short, "the vocabulary has 2 glosses, model.pt 3")
    back = run(*convert, "model.pt", "back", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert load_checkpoint(tmp_path / "back")[1].vocabulary == ("X", "Y", "Z")
    for name in ("checkpoint", "nowhere"):
        result = run(*convert, name, "other.pt", "--to-pytorch", cwd=tmp_path)
        assert_one_sentence(result, "not a checkpoint")
    assert not (tmp_path / "other.pt").exists()


def test_prepare(tmp_path):
    prepare = ["-m", "sfsign_jax.prepare", "--prepared_dir", tmp_path]
    assert_one_sentence(run(*prepare, "fenix", cwd=tmp_path), "synthetic_signs")
    assert_one_sentence(run(*prepare, "synthetic_signs/large", cwd=tmp_path), "demo, slow, full")
    synthetic = [*prepare, "synthetic_signs/demo", "--clips"]
    assert_one_sentence(run(*synthetic, "6,3", cwd=tmp_path), "6,3", "three numbers")
    assert not list(tmp_path.iterdir())
