"""Oracle: what a small hub on this machine has then, and what it refuses."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from flax import nnx
from hub_server import Model
from small_checkpoint import save_small_checkpoint

from sfsign_jax.checkpoint import fingerprint, load_checkpoint
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import write_results
from sfsign_jax.sharing.publishing import publish


@pytest.fixture
def anna(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "anna's")
    return hub


def evaluated(folder, weights, split):
    about = {"dataset": "demo", "split": split, "padding": "masked", "checkpoint": "best"}
    write_results(
        folder / "evaluation" / split,
        about | {"fingerprint": weights},
        {"1": ["A", "B"]},
        {"BiLSTM": {"1": ["A"]}, "conv": {"1": ["A", "B"]}},
        {},
    )


def test_the_card_has_the_rates_of_these_weights_alone(anna, checkpoint, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(checkpoint, run / "best")
    evaluated(run, fingerprint(nnx.state(load_checkpoint(checkpoint)[0])), "test")
    evaluated(run, "of another epoch", "dev")
    published = publish(run / "best", "anna/signs", "apache-2.0", private=False)
    assert [result.split for result in published.results] == ["test"]
    card = anna.models["anna/signs"].files["README.md"].decode()
    assert "| demo | test | 1 | masked | 50.00 | 0.00 |" in card
    assert "dev" not in card
    assert published.url == f"{anna.url}/anna/signs"
    assert published.revision == anna.models["anna/signs"].revisions["main"]


def test_the_newer_one_takes_the_place_of_the_older_in_one_commit(
    anna, checkpoint, parts, tmp_path
):
    publish(checkpoint, "anna/signs", None, private=True)
    save_small_checkpoint(tmp_path / "best", seed=1)
    assert publish(tmp_path / "best", "anna/signs", "apache-2.0", private=False).private
    first, second = anna.models["anna/signs"].commits.values()
    assert first.keys() == {*parts, "README.md"}
    files = (path for path in (tmp_path / "best").rglob("*") if path.is_file())
    names = {path.relative_to(tmp_path / "best").as_posix() for path in files}
    assert second.keys() == {*names, "README.md"}


@pytest.mark.parametrize(
    ("token", "name", "options", "sentence"),
    [
        (None, "anna/signs", {}, "from those it knows: `hf auth login`"),
        ("old", "anna/signs", {}, "the hub does not take your token"),
        ("ben's", "anna/signs", {}, "your token may not do that .*rights to create in anna"),
        ("ben's", "anna/taken", {}, "your token may not do that .*you may not write"),
        ("anna's", "anna/bert", {}, "anna/bert is something else: it has files and no model.json"),
        ("anna's", "anna/taken", {"private": True}, "is there and public"),
        ("anna's", "anna/signs", {"license": "mine"}, "is --license mine one of its names"),
        ("anna's", "anna/signs", {"license": None}, "say with --license"),
        ("anna's", "signs", {}, "no name of a model"),
        ("anna's", "anna/signs@v1", {}, "leave @v1 out"),
    ],
)
def test_what_is_refused_leaves_nothing(
    hub, checkpoint, parts, token, name, options, sentence, monkeypatch
):
    monkeypatch.setenv("HF_TOKEN", token or "")
    there = {"anna/taken": parts, "anna/bert": {"config.json": b"{}", "README.md": b""}}
    for other, files in there.items():
        hub.models[other] = Model(private=False)
        hub.models[other].commit(files)
    with pytest.raises(UserError, match=sentence):
        publish(checkpoint, name, **({"license": "apache-2.0", "private": False} | options))
    assert {other: model.files for other, model in hub.models.items()} == there


def test_what_nobody_could_recognise_with_is_not_published(anna, checkpoint, parts, tmp_path):
    damaged = shutil.copytree(checkpoint, tmp_path / "damaged")
    (damaged / "arrays" / "manifest.ocdbt").write_bytes(b"")
    with pytest.raises(UserError, match="is not what was saved"):
        publish(damaged, "anna/signs", None, private=True)
    (damaged / "checksums.json").unlink()
    fields = json.loads(parts["model.json"]) | {"vocabulary": None}
    shutil.copytree(checkpoint, tmp_path / "nameless")
    (tmp_path / "nameless" / "checksums.json").unlink()
    (tmp_path / "nameless" / "model.json").write_text(json.dumps(fields))
    with pytest.raises(UserError, match="has no vocabulary"):
        publish(tmp_path / "nameless", "anna/signs", None, private=True)
    assert not anna.models


def test_without_a_network(anna, checkpoint, unreachable):
    unreachable()
    with pytest.raises(UserError, match="anna/signs: the hub can't be reached"):
        publish(checkpoint, "anna/signs", None, private=True)


@pytest.mark.slow
def test_the_commands(hub, checkpoint, tmp_path):
    """The environment's variables, as users set them."""
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "anna's"}

    def run(*arguments):
        command = [sys.executable, "-m", *map(str, arguments)]
        return subprocess.run(
            command, env=os.environ | own, capture_output=True, text=True, check=False
        )

    published = run("sfsign_jax.publish", checkpoint, "anna/signs", "--license", "apache-2.0")
    assert published.returncode == 0, published.stderr
    assert published.stdout.splitlines()[-1] == '  sfsign_jax.load("hf://anna/signs")'
    exported = tmp_path / "signs.model"
    fetched = ("--checkpoint", "hf://anna/signs", "--platforms", "cpu")
    result = run("sfsign_jax.export", *fetched, "--output", exported)
    assert result.returncode == 0, result.stderr
    assert exported.is_file()
