"""The page in a browser that can reach no other host, served as its users serve it."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pympi
import pysubs2
import pytest
from oracle import oracle_of, small_config, state_of
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from sfsign_jax import demo
from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.data.videos import Video
from sfsign_jax.errors import UserError
from sfsign_jax.web.limits import admitted
from sfsign_jax.web.uploads import Uploads, sweep

DEMO = [sys.executable, "-m", "sfsign_jax.demo"]
# As a careless, or a nasty, vocabulary may have them.
BROKEN = "<img src=x onerror=alert(1)>&amp;{{7*7}}${1+1}.mp4"
HOSTILE = ("<b>X&amp;", "${1+1}", "{{7*7}}\"'")


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


def write_video(path, length):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(length):
            frame = np.full((48, 64, 3), 20 * i % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def server(checkpoint, tmp_path_factory):
    """Its address, and the folder of all its temporary files."""
    kept = tmp_path_factory.mktemp("kept")
    with started(checkpoint, kept, "--max_minutes", "0.1", "--max_megabytes", "1") as address:
        yield address, kept


@contextlib.contextmanager
def started(checkpoint, kept, *arguments, **environment):
    """Its address; at its end nothing of it may be left, nor a traceback in its terminal."""
    arguments = [*DEMO, "--checkpoint", str(checkpoint), "--port", str(free_port()), *arguments]
    terminal = kept.with_suffix(".stderr")
    environment = {**os.environ, "TMPDIR": str(kept), **environment}
    with (
        terminal.open("w") as stderr,
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            assert line.startswith("the page is at http://127.0.0.1:"), terminal.read_text()
            yield line.split()[4]
            assert process.poll() is None
        finally:
            process.terminate()
        assert process.wait(20) == 0
    assert "Traceback" not in terminal.read_text()
    assert list(kept.iterdir()) == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def proxied(address, prefix):
    """A proxy's port; it serves `address` below `prefix`, and nothing else."""
    host, port = address.rstrip("/").removeprefix("http://").rsplit(":", 1)

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, rest = head.split(b" ", 2)
        if path.startswith(prefix.encode() + b"/"):
            there = await asyncio.open_connection(host, int(port.split("/")[0]))
            rest = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"\r\nConnection: close", rest)
            there[1].write(b" ".join((method, path.removeprefix(prefix.encode()), rest)))
            await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def pass_on(reader, writer):
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(2**16):
                writer.write(some)
                await writer.drain()
            writer.close()

    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.start_server(serve, sock=listening))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    yield listening.getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)


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
    browser.get(server[0])
    wait(lambda: browser.find_elements(By.CSS_SELECTOR, "input[type=file]"))
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert {url for url in requested(browser) if not url.startswith(server[0])} == set()


def requested(browser):
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = (
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    )
    return [url for url in urls if not url.startswith(("blob:", "data:"))]


def answered(browser):
    """Addresses of requests that were answered, since the log was read last."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [
        message["params"]["response"]["url"]
        for message in messages
        if message["method"] == "Network.responseReceived"
    ]


def wait(condition):
    return WebDriverWait(None, 60, 0.05).until(lambda _: condition())


def upload(browser, video):
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(video))


def recognize(browser, video):
    """What the page then shows in the place of the result."""
    upload(browser, video)
    wait(lambda: browser.find_elements(By.TAG_NAME, "video"))
    return answer(browser)


def answer(browser):
    click(browser, "Recognise")
    [shown] = wait(lambda: browser.find_elements(By.CSS_SELECTOR, "signed-video, .problem"))
    return shown


def click(browser, text):
    """The button that says this, once it is there."""
    path = f"//button[contains(., '{text}') or @aria-label='{text}']"
    wait(lambda: browser.find_elements(By.XPATH, path))[0].click()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_video_is_recognized_and_deleted(page, server, videos, downloads):
    shown = recognize(page, videos / "clip & co.mp4")
    assert not files(server[1])
    for link in shown.find_elements(By.CSS_SELECTOR, ".files a"):
        link.click()
    stem = "clip & co.glosses"
    names = {f"{stem}.{kind}" for kind in ("json", "srt", "vtt", "eaf")}
    wait(lambda: {path.name for path in downloads.iterdir()} == names)
    transcript = json.loads((downloads / f"{stem}.json").read_text())
    assert transcript["video"] == "clip & co.mp4"
    [sentence] = transcript["sentences"]
    glosses = [gloss["gloss"] for gloss in sentence["glosses"]]
    assert set(glosses) <= set(HOSTILE)
    for kind in ("srt", "vtt"):
        [subtitle] = pysubs2.load(str(downloads / f"{stem}.{kind}"))
        assert subtitle.start == round(1000 * sentence["start"])
    elan = pympi.Elan.Eaf(downloads / f"{stem}.eaf")
    assert [value for *_, value in elan.get_annotation_data_for_tier("glosses")] == glosses
    assert elan.media_descriptors[0]["RELATIVE_MEDIA_URL"] == "./clip & co.mp4"
    assert str(Path.cwd()) not in (downloads / f"{stem}.eaf").read_text()

    listed = shown.find_elements(By.CSS_SELECTOR, ".signs button")
    assert [button.text.rsplit(" ", 2)[0] for button in listed] == glosses
    signs = shown.find_elements(By.CLASS_NAME, "sign")
    assert [sign.get_attribute("title") for sign in signs] == glosses
    assert [float(sign.get_attribute("data-end")) for sign in signs] == [
        gloss["end"] for gloss in sentence["glosses"]
    ]
    listed[-1].click()
    wait(lambda: shown.find_elements(By.CSS_SELECTOR, ".sign.on") == signs[-1:])
    assert shown.find_element(By.CSS_SELECTOR, ".now .on").text == glosses[-1]
    video, picture = (
        shown.find_element(By.TAG_NAME, "video"),
        shown.find_element(By.TAG_NAME, "img"),
    )
    wait(lambda: float(video.get_property("currentTime")) > sentence["glosses"][-1]["start"])
    assert int(picture.get_property("naturalWidth")) > 1000


COUNT_RECORDED_BYTES = """
window.recordedBytes = 0;
const start = MediaRecorder.prototype.start;
MediaRecorder.prototype.start = function (...args) {
  this.addEventListener("dataavailable", event => { recordedBytes += event.data.size; });
  start.apply(this, args);
};
"""


@pytest.mark.slow
def test_a_recording(page, server):
    click(page, "Capture from camera")
    click(page, "Click to Access Webcam")
    page.execute_script(COUNT_RECORDED_BYTES)
    click(page, "Record")
    # on a busy machine a recorder gives nothing for seconds
    wait(lambda: page.execute_script("return recordedBytes > 0"))
    began = recorded_seconds(page)
    wait(lambda: recorded_seconds(page) > began + 1)
    click(page, "Stop")
    wait(lambda: page.find_elements(By.CSS_SELECTOR, "[aria-label=Clear]"))
    shown = answer(page)
    assert shown.tag_name == "signed-video", shown.text
    assert not files(server[1])


def recorded_seconds(page):
    """Of the camera's picture, by its own clock: its first frames may be late."""
    return page.execute_script(
        "return Math.max(...[...document.querySelectorAll('video')].map(v => v.currentTime))"
    )


@pytest.mark.slow
def test_a_bad_video_gets_a_sentence_and_a_damaged_one_is_recognized(page, server, videos):
    upload(page, videos / "large.mp4")
    refusal = page.find_element(By.CLASS_NAME, "refusal")
    wait(refusal.is_displayed)
    assert refusal.text.startswith("large.mp4 has 1.1 MB, more than the limit of 1 MB")
    for name, sentence in {
        # Gradio leaves out some characters of names.
        BROKEN: re.sub("[<>{}$*]", "", BROKEN) + " can't be read as a video",
        "long.mp4": "long.mp4 is longer than the limit of 0.1 minutes",
    }.items():
        shown = recognize(page, videos / name)
        wait(lambda shown=shown, sentence=sentence: shown.text.startswith(sentence))
        assert not refusal.is_displayed()
        assert not files(server[1])
        page.refresh()
        wait(lambda: page.find_elements(By.CSS_SELECTOR, "input[type=file]"))
        refusal = page.find_element(By.CLASS_NAME, "refusal")
    shown = recognize(page, videos / "damaged.mp4")
    remark = shown.find_element(By.CLASS_NAME, "remark").text
    assert remark.startswith("damaged.mp4 is damaged: 1 of its packets could not be decoded")


@pytest.mark.slow
def test_a_video_is_deleted_when_its_visitor_leaves(page, server, videos):
    upload(page, videos / "clip & co.mp4")
    wait(lambda: page.find_elements(By.TAG_NAME, "video"))
    assert [path.name for path in files(server[1])] == ["clip & co.mp4"]
    seen = []
    wait(lambda: seen.extend(answered(page)) or any("/run/" in url for url in seen))
    page.get("about:blank")  # now that the server knows whose it is
    wait(lambda: not files(server[1]))


@pytest.mark.slow
def test_another_name_that_leads_to_the_page(browser, server):
    port = server[0].rstrip("/").rsplit(":", 1)[1]
    browser.get(f"http://evil.example:{port}/")
    assert "the page is not served by this name" in browser.page_source
    for log in ("browser", "performance"):
        browser.get_log(log)  # so that no other test finds it there


@pytest.mark.slow
def test_below_a_path_of_a_proxy_and_with_a_password(checkpoint, browser, videos, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    behind = ["--root_path", "/signs", "--allow_host", "signs.example.org"]
    with (
        started(checkpoint, kept, *behind, SFSIGN_JAX_PASSWORD="secret") as address,
        proxied(address.removesuffix("signs/"), "/signs") as port,
    ):
        outside = f"http://signs.example.org:{port}/signs/"
        browser.get(outside)
        name, password = wait(lambda: browser.find_elements(By.CSS_SELECTOR, "form input, input"))
        name.send_keys("anybody")
        password.send_keys("secret")
        click(browser, "Login")
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, "input[type=file]"))
        shown = recognize(browser, videos / "clip & co.mp4")
        video = shown.find_element(By.TAG_NAME, "video")
        wait(lambda: float(video.get_property("duration") or 0) > 0.5)
        links = shown.find_elements(By.CSS_SELECTOR, ".files a")
        assert [link.get_attribute("href").partition(";")[0] for link in links] == [
            f"data:{kind}"
            for kind in ("application/json", "application/x-subrip", "text/vtt", "application/xml")
        ]
        assert not files(kept)
        elsewhere = [url for url in requested(browser) if not url.startswith(outside)]
        # These browsers and Gradio ask of a site as a whole, and the page does without.
        whole = re.compile(rf"http://(signs.example.org:{port}|evil.*)/(manifest.json|favicon.ico)")
        assert [url for url in elsewhere if not whole.match(url)] == []
        wrong = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert [entry for entry in wrong if not whole.search(entry["message"])] == []
        browser.get("about:blank")


@pytest.mark.slow
def test_the_page_fits_a_phone(page, videos):
    screen = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    recognize(page, videos / "clip & co.mp4")
    widths = "return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert page.execute_script(widths) == [390] * 3


@pytest.mark.slow
def test_a_port_that_is_taken(server, checkpoint):
    port = server[0].rstrip("/").rsplit(":", 1)[1]
    arguments = [*DEMO, "--checkpoint", str(checkpoint), "--port", port, "--host", "0.0.0.0"]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "whoever reaches 0.0.0.0 can use the page: give it a --password" in result.stderr
    assert f"error: the page can't be opened at 0.0.0.0:{port}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--root_path", "signs"], "signs is no path such as /signs"),
        (["--root_path", "/a/../b?"], "no path such as /signs"),
        (["--allow_host", "https://www.example.org/"], "no name of a host"),
        (["--allow_host", "*"], "no name of a host"),
        (["--max_megabytes", "3000"], "must not be less than --max_megabytes"),
        (["--max_total_megabytes", "nan"], "nan is not between"),
    ],
)
def test_arguments_that_can_not_be(monkeypatch, capsys, arguments, sentence):
    monkeypatch.setattr(sys, "argv", ["demo", "--checkpoint", "DIR", *arguments])
    with pytest.raises(SystemExit):
        demo.parse_arguments()
    assert sentence in capsys.readouterr().err


def test_where_the_password_comes_from(monkeypatch):
    monkeypatch.setenv("SFSIGN_JAX_PASSWORD", "of the environment")
    assert demo.checked_password(None) == "of the environment"
    assert demo.checked_password("given") == "given"
    monkeypatch.delenv("SFSIGN_JAX_PASSWORD")
    assert demo.checked_password(None) is None
    with pytest.raises(UserError, match="the password is empty"):
        demo.checked_password("")


def test_without_gradio(checkpoint):
    without = "import sys; sys.modules.update(gradio=None, fastapi=None)"
    run = "import runpy; runpy.run_module('sfsign_jax.demo', run_name='__main__')"
    arguments = ["-c", f"{without}; {run}", "--checkpoint", str(checkpoint)]
    result = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False
    )
    assert "pip install 'sfsign-jax[demo]'" in result.stderr


def test_a_header_that_lies_about_the_length(tmp_path):
    video = tmp_path / "clip.mp4"
    video.touch()
    frames = [np.zeros((1, 1, 3), np.uint8)] * 61
    numbers = []
    with pytest.raises(UserError, match=r"clip\.mp4 is longer than the limit of 0\.5 minutes"):
        list(admitted(Video(iter(frames), 2, None), video, 0.5, numbers.append))
    assert numbers == list(range(1, 61))


def test_broken_off_uploads_are_swept(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("old", "folder/old", "folder/new"):
        (tmp_path / name).touch()
        if name.endswith("old"):
            os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path, 3600)
    assert [path.name for path in files(tmp_path)] == ["new"]


def test_equal_videos_of_two_visitors(tmp_path):
    video = tmp_path / "folder" / "clip.mp4"
    video.parent.mkdir()
    video.touch()
    uploads = Uploads()
    uploads.hold("first", video)
    uploads.hold("second", video)
    uploads.release("first")
    assert video.exists()
    uploads.hold("second", video)
    assert video.exists()
    uploads.release("second")
    assert list(tmp_path.iterdir()) == []
