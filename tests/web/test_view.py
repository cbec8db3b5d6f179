"""Glosses and names as anybody may choose them, read back by Python's HTML parser."""

import json
from html.parser import HTMLParser

import numpy as np

from sfsign_jax.recognition.result import Alternative, Recognition
from sfsign_jax.transcripts import Transcript
from sfsign_jax.web.answer import Answer
from sfsign_jax.web.view import problem, view

GLOSSES = (
    "</button><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onclick='alert(1)' x=\"",
    "&lt;b&gt;",
    "${alert(1)}",
    "{{7*7}}",
    "javascript:alert(1)",
    "--><!--",
)
NAME = '"><img src=x onerror=alert(1)>.mp4'


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, text):
        self.texts.append(text.strip())


def shown(glosses, name, remarks=()):
    count = len(glosses)
    sentence = Recognition(
        glosses,
        tuple(range(count)),
        tuple((i, i) for i in range(count)),
        (0.5,) * count,
        (0, count),
        -1.0,
        (Alternative(glosses, -2.0),),
        np.zeros((1, 1)),
    )
    transcript = Transcript(name, 1.0, [sentence])
    files = dict.fromkeys(("json", "srt", "vtt", "eaf", "csv"), b"")
    return Page(view(Answer(transcript, count, [b""], files, remarks, glosses)))


def test_glosses_and_names_are_text():
    plain = shown(("A",) * len(GLOSSES), "clip.mp4")
    page = shown(GLOSSES, NAME)
    assert page.tags == plain.tags
    assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
    # What the script shows, which test_edits.py sees in a browser.
    [recognised] = [value for name, value in page.attributes if name == "data-recognised"]
    assert json.loads(recognised) == {
        "video": NAME,
        "rate": 1.0,
        "frames": len(GLOSSES),
        "sentences": [
            [
                {"gloss": gloss, "start": place, "end": place, "confidence": 0.5}
                for place, gloss in enumerate(GLOSSES)
            ]
        ],
    }
    assert [value for name, value in page.attributes if name == "value"] == list(GLOSSES)
    assert " ".join(GLOSSES) in page.texts
    downloads = [value for name, value in page.attributes if name == "download"]
    assert downloads[0] == NAME.removesuffix(".mp4") + ".glosses.json"
    targets = [value for name, value in page.attributes if name in ("href", "src")]
    assert {target.partition(":")[0] for target in targets} == {"data"}


def test_a_remark_is_text():
    remark = f"{NAME} is damaged"
    page = shown(("A",), "clip.mp4", [remark])
    assert page.tags == shown(("A",), "clip.mp4").tags
    assert remark in page.texts


def test_a_problem_is_text():
    page = Page(problem(f"{NAME} can't be read"))
    assert page.tags == {"p"}
    assert page.texts == [f"{NAME} can't be read"]
