"""Writing into the text of an ELAN file: all that is not ours stays as it is, byte by byte."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from sfsign_jax.data.elan import SAVE_AGAIN, Eaf
from sfsign_jax.errors import UserError

LAST_ID = "lastUsedAnnotationId"  # ELAN's own counter: its next annotation gets the number after it

FIRST_TAG = re.compile(rb"""<(?:"[^"]*"|'[^']*'|[^"'>])*?(/?)>""")


class Place(NamedTuple):
    """Where an element stands in the bytes of a file."""

    path: tuple[str, ...]  # tags, from below the root
    name: str  # of a property
    start: int  # of its first tag
    close: int  # of its last tag; `end`, where it is one tag, <…/>
    end: int


def edited(eaf: Eaf, slots: str, elements: str, last: int) -> str:
    """The text of a file with new time slots, and new elements behind its tiers.

    `last`: the number of the last annotation among them.

    Raises:
        UserError: there is no TIME_ORDER.
    """
    data = eaf.text.encode()
    edits: list[tuple[int, int, str]] = []  # from, to, what comes there
    behind = None
    for place in places(data):
        if place.path == ("TIME_ORDER",):
            behind = place.end
            edits.append(addition(data, place, slots))
        elif place.path == ("TIER",):
            behind = place.end
        elif place.name == LAST_ID:
            text = f'<PROPERTY NAME="{LAST_ID}">{last}</PROPERTY>'
            edits.append((place.start, place.end, text))
    if behind is None:
        raise UserError(f"{eaf.path} has no TIME_ORDER, as every ELAN file has: {SAVE_AGAIN}")
    edits.append((behind, behind, elements))
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text.encode() + data[end:]
    return data.decode()


def addition(data: bytes, place: Place, text: str) -> tuple[int, int, str]:
    """The edit that adds `text` at the end of an element."""
    if place.close == place.end:
        tag = data[place.start : place.end].decode()
        return place.start, place.end, f"{tag[:-2]}>{text}</{place.path[-1]}>"
    last = len(data[: place.close].rstrip())  # the white space after it is the last tag's
    return last, last, text


def places(data: bytes) -> Iterator[Place]:
    """Of the elements one and two steps below the root, in the order of their ends."""
    parser = expat.ParserCreate("utf-8")
    path: list[tuple[str, str, int]] = []
    found: list[Place] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        path.append((tag, attributes.get("NAME", ""), parser.CurrentByteIndex))

    def end(tag: str) -> None:
        close = parser.CurrentByteIndex  # of an element of one tag: what is behind it
        _, name, begin = path[-1]
        if 2 <= len(path) <= 3:
            tags = tuple(one for one, _, _ in path[1:])
            first = FIRST_TAG.match(data, begin)
            single = first is not None and first[1] == b"/"
            last = close if single else data.index(b">", close) + 1
            name = name if tags == ("HEADER", "PROPERTY") else ""
            found.append(Place(tags, name, begin, close, last))
        path.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(data, True)
    yield from found


def first_free_number(root: ET.Element) -> int:
    """n, so that neither a{n} nor ts{n} nor a later one is an id in the file."""
    numbers = [0]
    for element in root.iter():
        for value in element.attrib.values():
            if match := re.fullmatch("(?:a|ts)([0-9]{1,15})", value):
                numbers.append(int(match[1]))
    for element in root.iterfind("HEADER/PROPERTY"):
        if element.get("NAME") == LAST_ID and re.fullmatch("[0-9]{1,15}", element.text or ""):
            numbers.append(int(element.text or 0))
    return max(numbers) + 1
