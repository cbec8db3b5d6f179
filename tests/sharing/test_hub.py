"""Oracle: the real client of the hub, against a small hub on this machine."""

import logging
import shutil
import time
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from hub_server import Model
from huggingface_hub import constants

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import load
from sfsign_jax.sharing import open_checkpoint
from sfsign_jax.sharing import parts as bounds
from sfsign_jax.sharing.hub import fetch_from_hub
from sfsign_jax.sharing.publishing import publish

NAME = "hf://anna/signs"


@pytest.fixture
def signs(hub, parts):
    """A model of anna's that everybody may read."""
    hub.models["anna/signs"] = model = Model(private=False)
    model.commit(parts | {"README.md": b"# Signs", "train.py": b"raise SystemExit", "x.pkl": b""})
    return model


def test_what_is_published_is_what_is_loaded(hub, checkpoint, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "anna's")
    published = publish(checkpoint, "anna/signs", "apache-2.0", private=False)
    monkeypatch.delenv("HF_TOKEN")
    clip = np.random.default_rng(0).integers(0, 256, (20, 40, 40, 3), np.uint8)
    ours, theirs = load(checkpoint), load(published.name)
    assert theirs.vocabulary == ours.vocabulary
    np.testing.assert_array_equal(
        theirs.logits([clip]).sequence_logits, ours.logits([clip]).sequence_logits
    )


def test_the_checkpoints_files_are_fetched_once_and_no_others(hub, signs, parts):
    for _ in range(2):
        folder = fetch_from_hub(NAME)
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert found == set(parts)
    assert hub.asked("GET", "/resolve/") == len(parts)


def test_a_revision_is_what_the_model_was(hub, signs, parts):
    first = signs.revisions["main"]
    signs.commit({})
    with pytest.raises(UserError, match=r"no checkpoint: it has no model\.json"):
        open_checkpoint(NAME)
    for name in (first, "v1"):
        signs.revisions["v1"] = first
        assert open_checkpoint(f"{NAME}@{name}")[1].vocabulary == ("A", "B", "C")
    with pytest.raises(UserError, match="@v2: the model has no such revision"):
        open_checkpoint(f"{NAME}@v2")


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (None, "no such model, or it is private and it needs a token"),
        ("ben's", "private and your token may not read it"),
        ("old", "the hub does not take your token"),
    ],
)
def test_private_models_are_for_their_owners(hub, signs, token, sentence, monkeypatch):
    signs.private = True
    monkeypatch.setenv("HF_TOKEN", "anna's")
    open_checkpoint(NAME)
    monkeypatch.setenv("HF_TOKEN", token or "")
    with pytest.raises(UserError, match=sentence):
        open_checkpoint(NAME)


@pytest.mark.parametrize(
    "name", ["", "anna", "/signs", "anna/signs/best", "anna/signs@", "anna/../x", "datasets/a/b"]
)
def test_names_of_no_model(hub, name):
    with pytest.raises(UserError, match="no name of a model: give hf://owner/name"):
        open_checkpoint(f"hf://{name}")
    assert not hub.requests


def test_a_file_that_breaks_off_goes_on_where_it_was(hub, signs, parts, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)  # 10 MB, which no small file has
    sizes = [len(content) for content in parts.values()]
    hub.breaks_after = max(sizes) // 20_000 * 10_000 + 10_000  # more than half of a file
    open_checkpoint(NAME)
    ranges = [headers["Range"] for _, _, headers in hub.requests if "Range" in headers]
    larger = sum(size > hub.breaks_after for size in sizes)
    assert ranges == [f"bytes={hub.breaks_after}-"] * larger
    assert larger > 0


def test_one_that_breaks_off_again_and_again_is_given_up(hub, signs, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    hub.breaks_after = 0
    with pytest.raises(UserError, match="hf://anna/signs: the hub can't be reached, or breaks off"):
        open_checkpoint(NAME)


def test_what_was_interrupted_is_not_whole_and_only_the_rest_is_fetched(
    hub, signs, parts, monkeypatch
):
    get = huggingface_hub.file_download.http_get
    fetched = []

    def interrupted(url, *arguments, **options):
        if len(fetched) == 3:
            raise KeyboardInterrupt
        fetched.append(url)
        return get(url, *arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(huggingface_hub.file_download, "http_get", interrupted)
        fetch_from_hub(NAME)
    with monkeypatch.context() as patch, pytest.raises(UserError, match="OFFLINE is set, and it"):
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        fetch_from_hub(NAME)
    open_checkpoint(NAME)
    assert hub.asked("GET", "/resolve/") == len(parts)


def test_without_a_network_it_is_what_was_fetched(hub, signs, unreachable, monkeypatch, caplog):
    open_checkpoint(NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    open_checkpoint(NAME)
    assert not caplog.records
    with pytest.raises(UserError, match="hf://anna/other: HF_HUB_OFFLINE is set, and it was not"):
        open_checkpoint("hf://anna/other")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.down = True
    open_checkpoint(NAME)
    assert "503 (back soon)" in caplog.text
    unreachable()
    with caplog.at_level(logging.WARNING):
        open_checkpoint(NAME)
    assert "can't be reached" in caplog.text
    with pytest.raises(UserError, match="hf://anna/other: the hub can't be reached"):
        open_checkpoint("hf://anna/other")


def test_a_damaged_copy_is_told_and_can_be_fetched_again(hub, signs):
    file = fetch_from_hub(NAME) / "model.json"
    file.write_bytes(file.read_bytes().replace(b"25.0", b"30.0"))
    with pytest.raises(UserError, match=r"model\.json is not what was saved.* delete ") as raised:
        open_checkpoint(NAME)
    shutil.rmtree(str(raised.value).partition("; delete ")[2].partition(" to have")[0])
    assert open_checkpoint(NAME)[1].preprocessing.frame_rate == 25


def test_a_model_that_was_uploaded_in_part_is_not_whole(hub, signs, parts):
    signs.commit({path: x for path, x in parts.items() if path != "arrays/manifest.ocdbt"})
    with pytest.raises(UserError, match=r"manifest\.ocdbt is missing: .* is not whole"):
        open_checkpoint(NAME)


def test_nothing_is_fetched_that_the_disk_or_a_checkpoint_has_no_room_for(
    hub, signs, monkeypatch, tmp_path
):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as patch, pytest.raises(UserError, match="has room for 0: make"):
        patch.setattr(shutil, "disk_usage", lambda path: usage)
        open_checkpoint(NAME)
    monkeypatch.setattr(bounds, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="no checkpoint has more"):
        open_checkpoint(NAME)
    assert not hub.asked("GET", "/resolve/")


def test_paths_that_leave_the_folder_are_refused(hub, signs, parts, tmp_path):
    signs.commit(parts | {"arrays/../../../../../owned": b"x"})
    with pytest.raises(UserError, match="hf://anna/signs: "):
        open_checkpoint(NAME)
    assert not [path for path in tmp_path.rglob("*") if path.name == "owned"]


def test_other_schemes_are_no_names(hub, tmp_path):
    for name in ("s3://bucket/best", "ftp://example.org/best.zip"):
        with pytest.raises(UserError, match="is no checkpoint's name"):
            open_checkpoint(name)
    with pytest.raises(UserError, match="is not a checkpoint"):
        open_checkpoint(Path(tmp_path))
