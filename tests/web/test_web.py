"""The page in a browser that can reach no other host, served as its users serve it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pympi
import pysubs2
import pytest
from html_pages import complaints
from selenium.webdriver.common.by import By
from web_pages import (
    BROKEN,
    DEMO,
    HOSTILE,
    answer,
    answered,
    click,
    files,
    proxied,
    recognize,
    requested,
    started,
    upload,
    wait,
)

from sfsign_jax import demo
from sfsign_jax.data.videos import Video
from sfsign_jax.errors import UserError
from sfsign_jax.web.limits import admitted
from sfsign_jax.web.uploads import Uploads, sweep


@pytest.mark.slow
def test_a_video_is_recognized_and_deleted(page, server, videos, downloads):
    shown = recognize(page, videos / "clip & co.mp4")
    assert not files(server[1])
    for link in shown.find_elements(By.CSS_SELECTOR, ".files a"):
        link.click()
    stem = "clip & co.glosses"
    names = {f"{stem}.{kind}" for kind in ("json", "srt", "vtt", "eaf", "csv")}
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


@pytest.mark.slow
def test_the_example_brings_a_clip(browser, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    with started("example", kept) as address:
        browser.get(address)
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, "button.clip"))
        assert complaints(browser) == []
        browser.find_element(By.CSS_SELECTOR, "button.clip").click()
        wait(lambda: browser.find_elements(By.TAG_NAME, "video"))
        shown = answer(browser)
        assert len(shown.find_elements(By.CSS_SELECTOR, ".sign")) > 1
        video = shown.find_element(By.TAG_NAME, "video")
        wait(lambda: video.get_property("duration") > 1)  # a browser can play it
        shown.find_element(By.CSS_SELECTOR, ".sign").click()
        assert complaints(browser) == []
        browser.get("about:blank")


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
            for kind in (
                *("application/json", "application/x-subrip", "text/vtt", "application/xml"),
                "text/csv",
            )
        ]
        assert not files(kept)
        write = "editor.write(editor.view.glosses).then(arguments[0])"
        find = "const { editor } = document.querySelector('signed-video')"
        assert len(browser.execute_async_script(f"{find}; {write}")) == len(links)
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
