"""Oracle: the corpus that the example was drawn from."""

import json

from forked import run_forked as run

import sfsign_jax
from sfsign_jax.checkpoint import read_description
from sfsign_jax.example import MODEL, is_example
from tfds_builders.synthetic_signs.corpus import DEMO, make_clip


def recognize(folder, *arguments):
    return run("-m", "sfsign_jax.recognize", "--checkpoint", "example", *arguments, cwd=folder)


def test_it_recognizes_clips_that_no_training_had():
    """One in eight glosses of dev and test may be wrong: its WER is in its model.json."""
    recognizer = sfsign_jax.load("example")
    clips = [make_clip(DEMO, "dev", number) for number in range(4)]
    right = [recognizer.recognize(clip.frames).glosses == clip.glosses for clip in clips]
    assert sum(right) >= 3


def test_its_clip_is_recognized_here_and_it_says_what_it_is(tmp_path):
    result = recognize(tmp_path, "--format", "json")
    assert result.returncode == 0, result.stderr
    assert "example knows sixteen invented signs" in result.stderr
    [written] = tmp_path.iterdir()
    assert written.name == "example.glosses.json"
    [sentence] = json.loads(written.read_text())["sentences"]
    signed = {make_clip(DEMO, "test", number).glosses for number in range(DEMO.clips["test"])}
    assert tuple(gloss["gloss"] for gloss in sentence["glosses"]) in signed


def test_a_folder_of_its_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_example("example")
    assert not is_example("./example")
    (tmp_path / "example").mkdir()
    assert not is_example("example")
    result = recognize(tmp_path)
    assert result.returncode == 2
    assert "give a video" in result.stderr


def test_what_is_installed_with_the_package_is_small():
    files = [path for path in MODEL.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 7e6
    assert "whose signs are invented; WER " in read_description(MODEL).source
