"""Timelines as the page's script sends them, and as nobody should; the files by hand."""

import base64
import csv
import io
import json

import pytest
from web_pages import HERE


def gloss(gloss="RAIN", start=5, end=9, confidence=None):
    return {"gloss": gloss, "start": start, "end": end, "confidence": confidence}


def timeline(*sentences, **changes):
    return {
        "video": "März & co.mp4",
        "rate": 25,
        "frames": 100,
        "sentences": list(sentences),
    } | changes


def save(client, body, path="/transcript", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers=headers)


def read(answer):
    """The text of each file, by format."""
    assert answer.status_code == 200, answer.text
    contents = {kind: url.partition(";base64,")[2] for kind, url in answer.json().items()}
    return {kind: base64.b64decode(content).decode() for kind, content in contents.items()}


def test_the_files_of_a_timeline(open_page, tmp_path):
    first = [gloss(confidence=0.5), gloss("WIND", 10, 10)]
    files = read(save(open_page(), timeline(first, [gloss("<b>SUN", 50, 99)])))
    assert list(files) == ["json", "srt", "vtt", "eaf", "csv"]
    assert json.loads(files["json"]) == {
        "video": "März & co.mp4",
        "frame_rate": 25.0,
        "edited": True,
        "sentences": [
            {
                "start": 0.2,
                "end": 0.44,
                "frames": [5, 10],
                "text": "RAIN WIND",
                "glosses": [
                    {
                        "gloss": "RAIN",
                        "start": 0.2,
                        "end": 0.4,
                        "frames": [5, 9],
                        "confidence": 0.5,
                    },
                    {
                        "gloss": "WIND",
                        "start": 0.4,
                        "end": 0.44,
                        "frames": [10, 10],
                        "edited": True,
                    },
                ],
                "alternatives": [],
            },
            {
                "start": 2.0,
                "end": 4.0,
                "frames": [50, 99],
                "text": "<b>SUN",
                "glosses": [
                    {
                        "gloss": "<b>SUN",
                        "start": 2.0,
                        "end": 4.0,
                        "frames": [50, 99],
                        "edited": True,
                    }
                ],
                "alternatives": [],
            },
        ],
    }
    assert files["vtt"].endswith("00:00:02.000 --> 00:00:04.000\n&lt;b&gt;SUN\n\n")
    assert list(csv.reader(io.StringIO(files["csv"]))) == [
        ["id", "video", "glosses", "split", "signer"],
        ["März_&_co", "März & co.mp4", "RAIN WIND <b>SUN", "train", ""],
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_timeline_of_nothing(open_page):
    files = read(save(open_page(), timeline(frames=0)))
    assert json.loads(files["json"])["sentences"] == []
    assert files["csv"] == "id,video,glosses,split,signer\n"


def test_glosses_are_spelled_as_in_a_vocabulary(open_page):
    files = read(save(open_page(), timeline([gloss(" U\u0308BER\u200b "), gloss("A B", 20, 30)])))
    assert files["csv"].splitlines()[1].split(",")[2] == "ÜBER A-B"


HOSTILE = {
    "no timeline": [b"", b"x", b"{", b"\xff", b"null", b"[" * 90_000, {}, [], 1, "x"],
    "no video": [
        timeline(video=name)
        for name in (None, 1, "", "a/b.mp4", "/etc/passwd", "../x", "x" * 256, "a\nb", "a\x1b[0m")
    ],
    "no rate": [timeline(rate=rate) for rate in (None, "25", 0, -25, 0.09, 1001, 1e308)]
    + [json.dumps(timeline(rate=rate)).encode() for rate in (float("nan"), float("inf"))],
    "no length": [timeline(frames=frames) for frames in (None, -1, 1.5, 10**7 + 1, 10**30)],
    "no sentences": [timeline(sentences=x) for x in (None, {}, "x", [[]], [None], ["x"], [{}])],
    "no gloss": [
        timeline([x])
        for x in (
            *(None, "RAIN", [], {}, gloss() | {"more": 1}, {"gloss": "RAIN"}),
            *(gloss(text) for text in (None, 1, "", " ", "\u200b", "x" * 201)),
            *(gloss(text) for text in ("A\x1b[31m", "A\x00", "\x7f", "A\x9b")),
            *(gloss(start=start) for start in (None, -1, "5", 5.5, 10, 10**9, 10**30)),
            *(gloss(end=end) for end in (None, -1, "9", 4, 100, 10**9, 10**30)),
            *(gloss(confidence=confidence) for confidence in (-0.1, 1.1, "x", True, [1])),
        )
    ],
    "no surrogate": [
        json.dumps(timeline([gloss("A\ud800")])).encode(),
        json.dumps(timeline(video="\udcff.mp4")).encode(),
    ],
    "at once": [timeline([gloss(), gloss()]), timeline([gloss()], [gloss(start=9)])],
    "in disorder": [timeline([gloss(start=50, end=60)], [gloss()])],
    "more": [timeline(more=1), timeline(path="/etc/passwd"), timeline(**{"\x1b" * 999: 1})],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_timeline_gets_a_sentence(open_page, what):
    client = open_page()
    for body in HOSTILE[what]:
        answer = save(client, body)
        assert answer.status_code == 400, body
        assert answer.headers["content-type"].startswith("text/plain")
        assert 10 < len(answer.text) < 200
        assert answer.text.isprintable()


def test_a_large_timeline(open_page):
    client = open_page()
    glosses = [gloss(f"GLOSS{number}", number, number, 0.9876) for number in range(10_000)]
    files = read(save(client, timeline(glosses, frames=10_000)))
    assert files["csv"].count("GLOSS") == 10_000
    sentences = [[gloss("A", number, number)] for number in range(10_000)]
    more = timeline([gloss("A", 10_000, 10_000)], frames=20_000)
    more["sentences"] = [*sentences, *more["sentences"]]
    assert save(client, more).status_code in (400, 413)
    assert save(client, timeline(sentences[:5000] + more["sentences"])).status_code in (400, 413)
    assert save(client, bytes(1_100_000)).status_code == 413
    assert client.post("/transcript", content=iter([b"x"])).status_code == 411


def test_only_from_its_own_page(open_page):
    client = open_page()
    assert save(client, timeline(), origin="http://evil.example").status_code == 403
    assert save(client, timeline(), host="evil.example").status_code == 403
    assert save(client, timeline(), origin=HERE).status_code == 200
    for method in ("GET", "PUT", "OPTIONS"):
        assert client.request(method, "/transcript").status_code == 404


def test_behind_a_password_and_below_a_path(open_page):
    client = open_page(password="secret", root_path="/signs")
    for path in ("/transcript", "/signs/transcript"):
        assert save(client, timeline(), path).status_code == 401
        assert save(client, b"{", path).status_code == 401
    assert client.post("/login", data={"username": "a", "password": "secret"}).status_code == 200
    for path in ("/transcript", "/signs/transcript"):
        read(save(client, timeline([gloss()]), path))
