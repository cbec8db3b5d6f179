"""Oracles: Python's own parser of HTML, and places in percent worked out by hand."""

import re
from html.parser import HTMLParser

from recognised import sentence


class Read(HTMLParser):
    """The text, and of each tag its name and attributes."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags = "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def words(read):
    return " ".join(read.text.split())


def strip(read):
    """Left and width of each span in percent, and its colour."""
    styles = " ".join(attributes.get("style", "") for _, attributes in read.tags)
    found = re.findall(r"left: (\S+)%; width: (\S+)%; height: 100%; background: (\S+)", styles)
    return [(float(left), float(width), colour) for left, width, colour in found]


def test_glosses_their_confidences_and_where_they_are():
    """Of fifty frames the sixth to fifteenth are those of the first gloss."""
    read = Read(sentence(0, ("RAIN", "SUN"))._replace(frames=(0, 49))._repr_html_())
    assert words(read) == "RAIN 75 % SUN 75 % frames 0 to 49"
    (first, second) = strip(read)
    assert first[:2] == (10, 20)
    assert second[:2] == (40, 20)
    assert first[2] != second[2]


def test_a_gloss_that_comes_again_has_its_colour():
    colours = [colour for _, _, colour in strip(Read(sentence(0, ("A", "B", "A"))._repr_html_()))]
    assert colours[0] == colours[2] != colours[1]


def test_a_sign_made_before_its_sentence_is_said_is_within_the_strip():
    """Made in the frames 5 to 14 and 20 to 29, said in 15 to 34: a strip of thirty frames."""
    read = Read(sentence(0, ("A", "B"))._replace(frames=(15, 34))._repr_html_())
    assert [place[:2] for place in strip(read)] == [(0, 33.33), (50, 33.33)]
    assert read.text.endswith("frames 15 to 34\n")


def test_what_a_vocabulary_says_is_no_markup():
    name = "\"'><img src=x onerror=alert(1)>&amp;{{7*7}}</div>"
    read = Read(sentence(0, (name,))._repr_html_())
    plain = Read(sentence(0, ("RAIN",))._repr_html_())
    assert read.text == plain.text.replace("RAIN", name)
    assert [tag for tag, _ in read.tags] == [tag for tag, _ in plain.tags]


def test_nothing_recognised():
    read = Read(sentence(0, ())._repr_html_())
    assert words(read) == "no glosses frames 0 to 20"
    assert strip(read) == []
