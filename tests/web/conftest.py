import shutil

import av
import pytest
from oracle import oracle_of, small_config, state_of
from selenium import webdriver
from selenium.webdriver.common.by import By
from starlette.testclient import TestClient
from web_pages import BROKEN, HERE, HOSTILE, requested, started, wait, write_video

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.web import Limits, Place
from sfsign_jax.web.server import app_of


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    """Opens a page, of which nothing is recognised.

    The client raises what comes out of the server: that would be a traceback in the terminal.
    """
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    def opened(host="127.0.0.1", total_megabytes=10, **place):
        limits = Limits(megabytes=1, minutes=1, total_megabytes=total_megabytes)
        return TestClient(app_of(None, limits, Place(host, 7860, **place), tmp_path), HERE)

    return opened


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    config = small_config(num_classes=4)
    folder = tmp_path_factory.mktemp("models") / "small"
    description = ModelDescription(config, HOSTILE, Preprocessing((40, 40), (32, 32)))
    save_checkpoint(folder, state_of(config, oracle_of(config)), description)
    return folder


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "clip & co.mp4", 20)
    write_video(folder / "long.mp4", 160)
    data = (folder / "clip & co.mp4").read_bytes()
    with av.open(str(folder / "clip & co.mp4")) as whole:
        last = max(packet.pos for packet in whole.demux(video=0) if packet.size)
    (folder / "damaged.mp4").write_bytes(data[:last] + b"\xff" * 8 + data[last + 8 :])
    (folder / BROKEN).write_bytes(b"not a video")
    (folder / "large.mp4").write_bytes(bytes(1_100_000))
    return folder


@pytest.fixture(scope="module")
def server(checkpoint, tmp_path_factory):
    """Its address, and the folder of all its temporary files."""
    kept = tmp_path_factory.mktemp("kept")
    with started(checkpoint, kept, "--max_minutes", "0.1", "--max_megabytes", "1") as address:
        yield address, kept


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    chromedriver = shutil.which("chromedriver")
    if chromedriver is None:
        pytest.skip("no chromedriver here")
    options = webdriver.ChromeOptions()
    here = "".join(f"MAP {name} 127.0.0.1, " for name in ("signs.example.org", "evil.example"))
    nowhere = f"--host-resolver-rules={here}MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    for argument in ("--headless", "--no-sandbox", "--disable-dev-shm-usage", nowhere, *camera):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    with webdriver.Chrome(options, webdriver.ChromeService(chromedriver)) as browser:
        yield browser


@pytest.fixture
def page(browser, server):
    """The page, newly opened; nothing may have gone wrong, or been asked elsewhere, at the end."""
    browser.get("about:blank")
    for of_tests_before in ("browser", "performance"):
        browser.get_log(of_tests_before)
    browser.get(server[0])
    wait(lambda: browser.find_elements(By.CSS_SELECTOR, "input[type=file]"))
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert {url for url in requested(browser) if not url.startswith(server[0])} == set()
