"""A hub on this machine, which the real client takes for its own, and a small model."""

import pytest
from hub_server import running_hub
from huggingface_hub import constants
from small_checkpoint import save_small_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "best"
    save_small_checkpoint(folder)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with running_hub() as hub:
        hub.tokens |= {"anna's": "anna", "ben's": "ben"}
        point_client_to(hub.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


def point_client_to(url, monkeypatch):
    """As HF_ENDPOINT does when the client is imported."""
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def unreachable(hub, monkeypatch):
    """A call after which nobody listens where the hub was."""
    return lambda: point_client_to("http://127.0.0.1:9", monkeypatch)


@pytest.fixture
def parts(checkpoint):
    """The checkpoint's files by their paths."""
    return {
        path.relative_to(checkpoint).as_posix(): path.read_bytes()
        for path in checkpoint.rglob("*")
        if path.is_file()
    }
