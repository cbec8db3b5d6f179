"""Oracle: what was packed, and a web server on this machine."""

import io
import json
import logging
import shutil
import stat
import zipfile

import numpy as np
import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.sharing import open_checkpoint
from sfsign_jax.sharing import parts as bounds
from sfsign_jax.sharing.zips import fetch_zip


def packed(files, folder=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in files.items():
            file.writestr(path if isinstance(path, zipfile.ZipInfo) else folder + path, content)
    return buffer.getvalue()


@pytest.fixture
def url(hub):
    return f"{hub.url}/files/best.zip"


@pytest.fixture
def serve(hub):
    def serve(content):
        hub.plain["/files/best.zip"] = content

    return serve


def names_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("folder", ["", "best/", "signs-1.0/run/best/"])
def test_the_checkpoints_files_are_unpacked_and_no_others(serve, url, parts, folder, checkpoint):
    others = {"README.md": b"", "__MACOSX/._model.json": b"", f"{folder}train.py": b""}
    serve(packed({f"{folder}{path}": x for path, x in parts.items()} | others))
    assert names_in(fetch_zip(url)) == set(parts)
    assert open_checkpoint(url)[1] == open_checkpoint(checkpoint)[1]


def test_it_is_sent_again_only_where_it_has_changed(hub, serve, url, parts, unreachable, caplog):
    serve(packed(parts))
    open_checkpoint(url)
    hub.breaks_after = 0  # nothing more could be sent
    open_checkpoint(url)
    hub.breaks_after = None
    description = json.loads(parts["model.json"])
    description["source"] = "another test"
    del parts["checksums.json"]
    serve(packed(parts | {"model.json": json.dumps(description).encode()}))
    assert open_checkpoint(url)[1].source == "another test"
    caplog.clear()
    hub.redirects["/files/best.zip"] = "http://127.0.0.1:9/"
    with caplog.at_level(logging.WARNING):
        assert open_checkpoint(url)[1].source == "another test"
    assert "what was fetched before is used" in caplog.text


def test_a_download_that_breaks_off_leaves_nothing(hub, serve, url, parts, tmp_path):
    serve(packed(parts))
    hub.breaks_after = 1000
    with pytest.raises(UserError, match=r"broke off after 0\.0 of .* MB: try it again"):
        open_checkpoint(url)
    assert names_in(tmp_path / "caches" / "sfsign_jax" / "checkpoints") <= {
        path.name for path in tmp_path.rglob("*.lock")
    }
    hub.breaks_after = None
    open_checkpoint(url)


def test_one_that_was_killed_is_begun_anew(serve, url, parts, tmp_path, monkeypatch):
    serve(packed(parts))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "copyfileobj", interrupt)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # killed: nobody tidies up
        open_checkpoint(url)
    assert list(tmp_path.rglob("*.unfinished"))
    open_checkpoint(url)
    assert not list(tmp_path.rglob("*.unfinished"))


def interrupt(*_):
    raise KeyboardInterrupt


def with_link(parts):
    link = zipfile.ZipInfo("arrays/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed(parts | {link: b"/etc/passwd"})


def encrypted(parts):
    content = bytearray(packed({"model.json": parts["model.json"]}))
    content[6] |= 1  # of the file, and of the list at the end
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda parts: b"<html>", "is no zip file, or a damaged one"),
        (lambda parts: b"", "is no zip file, or a damaged one"),
        (lambda parts: packed(parts)[:-1000], "is no zip file, or a damaged one"),
        (lambda parts: packed({"a/x.json": b"{}"}), r"of model\.json it has none"),
        (lambda parts: packed(parts | {"b/model.json": b"{}"}), "of model.json it has several"),
        (lambda parts: packed(parts | {"../x": b""}), "is refused: '../x' in it leads elsewhere"),
        (lambda parts: packed(parts | {"arrays/../../x": b""}), "leads elsewhere"),
        (lambda parts: packed(parts | {"/etc/x": b""}), "'/etc/x' in it leads elsewhere"),
        (with_link, "'arrays/link' in it leads elsewhere"),
        (encrypted, "is no zip file, or a damaged one .*encrypted"),
        (lambda parts: packed({"model.json": b"{}"}), "delete .* to have it fetched again"),
    ],
    ids=range(11),
)
def test_zip_files_of_no_checkpoint(serve, url, parts, content, sentence, tmp_path):
    serve(content(parts))
    with pytest.raises(UserError, match=sentence) as raised:
        open_checkpoint(url)
    assert str(raised.value).startswith(url)
    assert not list(tmp_path.rglob("passwd")) and not list(tmp_path.rglob("x"))


def test_damage_is_never_silent(parts, url, serve, tmp_path):
    """Bytes of a zip file inverted, here and there."""
    content, random = packed(parts), np.random.default_rng(0)
    for start in random.integers(0, len(content) - 64, 20):
        damaged = bytearray(content)
        damaged[start : start + 64] = bytes(255 - byte for byte in damaged[start : start + 64])
        serve(bytes(damaged))
        try:
            folder = fetch_zip(url)
        except UserError as error:
            assert str(error).startswith(url)
        else:
            assert {x: (folder / x).read_bytes() for x in names_in(folder)} == parts
        shutil.rmtree(tmp_path / "caches")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(serve, url, parts, monkeypatch):
    bomb = packed(parts | {"arrays/d/bomb": bytes(50_000_000)})
    assert len(bomb) < 10_000_000
    serve(bomb)
    monkeypatch.setattr(bounds, "MOST_BYTES", 20_000_000)
    with pytest.raises(UserError, match=r"it has 5. MB, and no checkpoint has more than 20"):
        open_checkpoint(url)


def test_a_file_is_never_longer_than_the_zip_file_says(serve, url, parts):
    liar = bytearray(packed({"model.json": bytes(1_000_000)}))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        start = liar.index(signature) + offset
        liar[start : start + 4] = (10).to_bytes(4, "little")
    serve(bytes(liar))
    with pytest.raises(UserError, match="a damaged one"):
        open_checkpoint(url)


def test_what_others_could_change_on_its_way_is_refused(hub, serve, url):
    with pytest.raises(UserError, match=r"http://example\.org/x\.zip is refused: .* use https"):
        open_checkpoint("http://example.org/x.zip")
    with pytest.raises(UserError, match="is no address"):
        open_checkpoint("https://[::1/x.zip")
    with pytest.raises(UserError, match="can't be reached"):
        open_checkpoint("https://127.0.0.1:9/ü x.zip")
    hub.redirects["/files/best.zip"] = "http://example.org/x.zip"
    with pytest.raises(UserError, match=r"http://example\.org/x\.zip is refused"):
        open_checkpoint(url)


def test_what_is_not_there_or_can_not_be_written(hub, serve, url, tmp_path, parts, monkeypatch):
    with pytest.raises(UserError, match="the server answers 404"):
        open_checkpoint(url)
    with pytest.raises(UserError, match=r"can't be reached .*, and was not fetched before"):
        open_checkpoint("http://127.0.0.1:9/best.zip")
    serve(packed(parts))
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as patch, pytest.raises(UserError, match="has room for 0: make"):
        patch.setattr(shutil, "disk_usage", lambda path: usage)
        open_checkpoint(url)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with pytest.raises(UserError, match="can't be written"):
        open_checkpoint(url)
