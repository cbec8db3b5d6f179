"""Edits of the timeline in a browser, by mouse, finger and keys; others read the saved files."""

import csv
import json

import pympi
import pysubs2
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from web_pages import click, recognize, wait

pytestmark = pytest.mark.slow

FRAMES = 20  # of the video, at 25 a second
HOSTILE = "<img src=x onerror=alert(1)><img/src=x/onerror=alert(1)>&amp;<b>"
SPELLED = HOSTILE.replace(" ", "-")  # a space would make two glosses of it
TAKEN = [("A", 2, 6), ("B", 10, 14)]


@pytest.fixture
def timeline(page, videos):
    """The page with glosses that we know in the place of those that were recognised."""
    recognize(page, videos / "clip & co.mp4")
    focus(page, 0)
    press(page, Keys.DELETE * len(signs(page)))
    for gloss, start, _ in TAKEN:
        add(page, start, gloss + Keys.ENTER)
    assert signs(page) == TAKEN
    yield page
    save(page, "json")  # or the browser would ask before it leaves


def signs(page):
    """Each gloss on the timeline with its first and last frame."""
    return [
        (
            sign.get_attribute("title"),
            round(25 * float(sign.get_attribute("data-start"))),
            round(25 * float(sign.get_attribute("data-end"))) - 1,
        )
        for sign in page.find_elements(By.CLASS_NAME, "sign")
    ]


def spans(page):
    return [span for _, *span in signs(page)]


def add(page, frame, keys):
    seek(page, frame)
    click(page, "add a gloss")
    press(page, keys)


def seek(page, frame):
    page.execute_script("document.querySelector('video').currentTime = arguments[0]", frame / 25)
    wait(lambda: not page.execute_script("return document.querySelector('video').seeking"))


def press(page, *keys, holding=()):
    """On what has the focus."""
    actions = ActionChains(page)
    for key in holding:
        actions.key_down(key)
    actions.send_keys(*keys)
    for key in holding:
        actions.key_up(key)
    actions.perform()


def focus(page, place):
    page.execute_script("document.querySelectorAll('.sign')[arguments[0]].focus()", place)


def drag(page, place, at, frames, pointer=None):
    """Drags a gloss by what is at a part of its bar."""
    bar = page.find_elements(By.CSS_SELECTOR, ".sign .bar")[place]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", bar)
    box = page.execute_script("return arguments[0].getBoundingClientRect().toJSON()", bar)
    track = page.execute_script("return document.querySelector('.track').offsetWidth")
    x, y = round(box["x"] + 2 + at * (box["width"] - 4)), round(box["y"] + box["height"] / 2)
    actions = ActionBuilder(page, mouse=pointer)
    there = actions.pointer_action.move_to_location(x, y).pointer_down()
    there.move_to_location(round(x + frames * track / FRAMES / 2), y)
    there.move_to_location(round(x + frames * track / FRAMES), y).pointer_up()
    actions.perform()


def listed(page):
    buttons = page.find_elements(By.CSS_SELECTOR, ".sentences li:not([hidden]) .signs button")
    return [button.text for button in buttons]


def captions(page):
    cues = "[...document.querySelector('signed-video track').track.cues]"
    return page.execute_script(f"return {cues}.map(cue => [cue.startTime, cue.endTime, cue.text])")


def said(page):
    return page.find_element(By.CLASS_NAME, "said").text


def focused(page):
    return page.switch_to.active_element.get_attribute("aria-label")


def save(page, kind):
    link = page.find_element(By.CSS_SELECTOR, f"[data-kind={kind}]")
    before = link.get_attribute("href")
    unsaved = page.execute_script("return unsaved()")
    link.click()
    wait(lambda: not page.execute_script("return unsaved()"))
    assert not unsaved or link.get_attribute("href") != before


def test_borders_and_glosses_are_dragged(timeline):
    drag(timeline, 0, 0, -1)
    assert spans(timeline) == [[1, 6], [10, 14]]
    assert said(timeline) == "start of A moved: 0:00.04 – 0:00.28"
    drag(timeline, 0, 1, 2)
    assert spans(timeline) == [[1, 8], [10, 14]]
    drag(timeline, 0, 1, 7)  # no further than its neighbour
    assert spans(timeline) == [[1, 9], [10, 14]]
    drag(timeline, 1, 0, 9)  # and a frame is left
    assert spans(timeline) == [[1, 9], [14, 14]]
    drag(timeline, 1, 0.5, 3)
    assert spans(timeline) == [[1, 9], [17, 17]]
    drag(timeline, 1, 0.5, 3)
    assert spans(timeline) == [[1, 9], [19, 19]]
    drag(timeline, 1, 0.5, -3, PointerInput(POINTER_TOUCH, "finger"))
    assert spans(timeline) == [[1, 9], [16, 16]]
    video = timeline.find_element(By.TAG_NAME, "video")
    assert video.get_property("currentTime") == pytest.approx(16 / 25, abs=0.01)
    for _ in range(7):
        click(timeline, "undo")
    assert signs(timeline) == TAKEN


def test_keys_while_a_gloss_is_dragged(timeline):
    bar = timeline.find_elements(By.CSS_SELECTOR, ".sign .bar")[0]
    held = ActionChains(timeline).click_and_hold(bar).move_by_offset(60, 0)
    held.send_keys(Keys.DELETE, Keys.ARROW_LEFT).perform()
    assert spans(timeline) not in ([], [[2, 6], [10, 14]])
    press(timeline, Keys.ESCAPE)
    ActionChains(timeline).release().perform()
    assert signs(timeline) == TAKEN


def test_a_click_goes_there_and_moves_nothing(timeline):
    drag(timeline, 0, 0.5, 0)
    assert signs(timeline) == TAKEN
    video = timeline.find_element(By.TAG_NAME, "video")
    wait(lambda: abs(video.get_property("currentTime") - 2 / 25) < 0.01)


def test_glosses_are_moved_by_keys(timeline):
    here = timeline.current_url
    focus(timeline, 0)
    press(timeline, Keys.ARROW_RIGHT)
    assert spans(timeline)[0] == [3, 7]
    press(timeline, Keys.ARROW_LEFT * 5)
    assert spans(timeline)[0] == [0, 4]
    press(timeline, Keys.ARROW_RIGHT * 2, holding=[Keys.SHIFT])
    assert spans(timeline)[0] == [0, 6]
    press(timeline, Keys.ARROW_LEFT * 9, holding=[Keys.SHIFT])
    assert spans(timeline)[0] == [0, 0]
    focus(timeline, 1)
    press(timeline, Keys.ARROW_LEFT * 20, holding=[Keys.ALT])
    assert spans(timeline)[1] == [1, 14]
    assert said(timeline) == "start of B moved: 0:00.04 – 0:00.60"
    press(timeline, Keys.ARROW_RIGHT * 20, holding=[Keys.ALT])
    assert spans(timeline)[1] == [14, 14]
    assert timeline.current_url == here
    press(timeline, "z" * 3, holding=[Keys.CONTROL])  # steps of one kind are one
    assert spans(timeline) == [[2, 6], [10, 14]]
    press(timeline, "z" * 3, holding=[Keys.CONTROL, Keys.SHIFT])
    assert spans(timeline) == [[0, 0], [14, 14]]


def test_a_hostile_name(timeline):
    focus(timeline, 0)
    press(timeline, Keys.ENTER, HOSTILE, Keys.ENTER)
    assert signs(timeline)[0] == (SPELLED, 2, 6)
    assert focused(timeline) == f"{SPELLED}, 0:00.08 – 0:00.28"
    assert said(timeline) == f"A is {SPELLED} now"
    assert listed(timeline) == [f"{SPELLED} edited", "B edited"]
    seek(timeline, 3)
    now = timeline.find_element(By.CSS_SELECTOR, ".now .on")
    assert now.text == SPELLED
    escaped = SPELLED.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert captions(timeline) == [[0.08, 0.6, f"{escaped} B"]]
    shown = "document.querySelector('signed-video track').track.cues[0].getCueAsHTML()"
    assert timeline.execute_script(f"return {shown}.textContent") == f"{SPELLED} B"
    assert not timeline.find_elements(By.CSS_SELECTOR, "signed-video img[src=x], signed-video b b")


def test_glosses_are_renamed_deleted_and_added(timeline):
    focus(timeline, 1)
    press(timeline, Keys.ENTER, "C", Keys.ESCAPE)
    assert signs(timeline) == TAKEN
    sign = timeline.find_elements(By.CLASS_NAME, "sign")[1]
    ActionChains(timeline).double_click(sign).perform()
    press(timeline, "  C\u0301 D ", Keys.ENTER)
    assert signs(timeline)[1] == ("Ć-D", 10, 14)
    press(timeline, Keys.BACKSPACE)
    assert signs(timeline) == TAKEN[:1]
    assert focused(timeline).startswith("A,")
    seek(timeline, 4)
    press(timeline, "+")
    assert said(timeline) == "there is A already"
    seek(timeline, 8)
    press(timeline, "+", Keys.ESCAPE)
    assert signs(timeline) == TAKEN[:1]
    seek(timeline, 0)
    add(timeline, 0, "E" + Keys.ENTER)
    assert signs(timeline) == [("E", 0, 1), *TAKEN[:1]]  # there are two frames
    assert focused(timeline).startswith("E,")
    assert listed(timeline) == ["E edited", "A edited"]
    press(timeline, Keys.DELETE * 2)
    assert listed(timeline) == []
    assert timeline.find_elements(By.CSS_SELECTOR, ".now span") == []
    press(timeline, "z" * 2, holding=[Keys.CONTROL])
    assert signs(timeline) == [("E", 0, 1), *TAKEN[:1]]


def test_going_elsewhere_ends_a_name(timeline):
    focus(timeline, 0)
    press(timeline, Keys.ENTER, "C", Keys.TAB)
    assert signs(timeline)[0] == ("C", 2, 6)
    assert focused(timeline) is None
    click(timeline, "undo")
    assert signs(timeline) == TAKEN


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [(20, "first"), (44, "first"), (75, None), (100, "second"), (150, "second"), (199, None)],
)
def test_the_sentence_of_a_new_gloss(page, frame, sentence):
    """Of three glosses, two are of a sentence with a pause in it."""
    places = "[[{start: 0, end: 19}], [{start: 105, end: 109}, {start: 160, end: 169}]]"
    new = f"added(glossesOf({places}), 'X', {frame}, 200, 25)"
    found = page.execute_script(f"return {new}.find(({{gloss}}) => gloss === 'X').sentence")
    assert {0: "first", 1: "second"}.get(found) == sentence


def test_each_format_has_what_is_shown(timeline, downloads):
    for path in downloads.iterdir():
        path.unlink()
    focus(timeline, 1)
    press(timeline, Keys.ENTER, HOSTILE, Keys.ENTER)
    press(timeline, Keys.ARROW_RIGHT, holding=[Keys.SHIFT])
    kinds = ("json", "srt", "vtt", "eaf", "csv")
    for kind in kinds:
        save(timeline, kind)
    saved = {kind: downloads / f"clip & co.glosses.{kind}" for kind in kinds}
    wait(lambda: {*downloads.iterdir()} == {*saved.values()})

    transcript = json.loads(saved["json"].read_text())
    assert transcript["edited"]
    [sentence] = transcript["sentences"]
    glosses = sentence["glosses"]
    assert [(gloss["gloss"], gloss["frames"], gloss["edited"]) for gloss in glosses] == [
        ("A", [2, 6], True),
        (SPELLED, [10, 15], True),
    ]
    for kind in ("srt", "vtt"):
        [subtitle] = pysubs2.load(str(saved[kind]))
        assert (subtitle.start, subtitle.end) == (80, 640)
    elan = pympi.Elan.Eaf(saved["eaf"])
    assert sorted(elan.get_annotation_data_for_tier("glosses")) == [
        (80, 280, "A"),
        (400, 640, SPELLED),
    ]
    [header, row] = csv.reader(saved["csv"].open(encoding="utf-8", newline=""))
    assert dict(zip(header, row, strict=True)) == {
        "id": "clip_&_co",
        "video": "clip & co.mp4",
        "glosses": f"A {SPELLED}",
        "split": "train",
        "signer": "",
    }


def test_what_is_as_recognised_keeps_its_files(page, videos):
    recognize(page, videos / "clip & co.mp4")
    [link] = page.find_elements(By.CSS_SELECTOR, "[data-kind=json]")
    before, shown = link.get_attribute("href"), listed(page)
    focus(page, 0)
    press(page, Keys.ENTER, "X", Keys.ENTER)
    assert listed(page) == ["X edited", *shown[1:]]
    save(page, "json")
    press(page, "z", holding=[Keys.CONTROL])
    assert listed(page) == shown
    link.click()
    wait(lambda: link.get_attribute("href") == before)
    assert not page.execute_script("return unsaved()")


def test_nothing_is_lost_by_mistake(timeline, videos):
    leave = "return dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert not timeline.execute_script(leave)
    click(timeline, "Recognise")
    asked = timeline.switch_to.alert
    assert "The edits are not saved" in asked.text
    asked.dismiss()
    assert signs(timeline) == TAKEN
    save(timeline, "csv")
    assert timeline.execute_script(leave)
