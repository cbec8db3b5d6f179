"""ELAN's files (.eaf): the media they link, their tiers, and when each annotation is."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from sfsign_jax.data.elan_times import annotation_times, slot_times
from sfsign_jax.errors import UserError
from sfsign_jax.text import read_text

MOST_EAF_BYTES = 32 * 2**20  # hours with dozens of tiers are a few MB
SAVE_AGAIN = "open it in ELAN and save it again"


class Annotation(NamedTuple):
    start: float  # milliseconds, as the file counts
    end: float
    text: str


class Medium(NamedTuple):
    """A recording that a file links."""

    names: tuple[str, ...]  # where it may be: relative to the file, then on the annotator's machine
    origin: int  # milliseconds of the recording at the file's time 0


class Eaf(NamedTuple):
    path: Path
    text: str
    root: ET.Element
    times: dict[str, tuple[float, float]]  # of annotations: milliseconds, as the file counts


def read_eaf(path: Path) -> Eaf:
    """An ELAN file; nothing that it names is opened.

    Raises:
        UserError: it can't be read, is larger than `MOST_EAF_BYTES`, no XML, no file of ELAN's, or
            has a time that is none.
    """
    if not path.is_file():  # a named pipe would be waited for
        raise UserError(f"there is no file {path}")
    if path.stat().st_size > MOST_EAF_BYTES:
        raise UserError(f"{path} has more than {MOST_EAF_BYTES} bytes: split it into several files")
    return parse_eaf(path, read_text(path))


def parse_eaf(path: Path, text: str) -> Eaf:
    """`text` as the ELAN file that `path` names in messages.

    Raises:
        UserError: as for `read_eaf`.
    """
    if "<!DOCTYPE" in text:  # of which entities are made that grow without end; ELAN writes none
        raise UserError(f"{path} has a DOCTYPE, which no ELAN file needs: {SAVE_AGAIN}")
    encoding = re.match(r"""\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)""", text)
    if encoding and encoding[1].lower() not in ("utf-8", "utf8"):
        raise UserError(f"{path} says that it is {encoding[1]}, not UTF-8: {SAVE_AGAIN}")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        line, reason = error.position[0], expat.ErrorString(error.code)
        raise UserError(f"{path}, line {line}: it is no XML ({reason}): {SAVE_AGAIN}") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise UserError(f"{path} is no ELAN file: it begins with {root.tag[:80]!r}")
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise UserError(f"{path} counts time in {units}, not in milliseconds: {SAVE_AGAIN}")
    return Eaf(path, text, root, annotation_times(root, slot_times(root, path)))


def tiers(eaf: Eaf) -> dict[str, ET.Element]:
    """Name -> element, in the order of the file."""
    return {tier.get("TIER_ID", ""): tier for tier in eaf.root.iterfind("TIER")}


def annotations(eaf: Eaf, tier: str) -> list[Annotation]:
    """Those of a tier, empty ones included, in the order of their times.

    Raises:
        UserError: one has no time.
    """
    found = []
    for element in tiers(eaf)[tier].iterfind("ANNOTATION/*"):
        text = element.findtext("ANNOTATION_VALUE") or ""
        name = element.get("ANNOTATION_ID", "")
        if name not in eaf.times:
            raise UserError(
                f"{eaf.path}, tier {tier!r}: nothing says when the annotation {name!r} "
                f"({text[:80]!r}) is: give it a time in ELAN"
            )
        found.append(Annotation(*eaf.times[name], text))
    return sorted(found, key=lambda annotation: annotation[:2])


def videos(eaf: Eaf) -> list[Medium]:
    """The linked media that are not sound.

    Raises:
        UserError: one is shifted by what is no number.
    """
    media = []
    for descriptor in eaf.root.iterfind("HEADER/MEDIA_DESCRIPTOR"):
        links = [descriptor.get(key, "") for key in ("RELATIVE_MEDIA_URL", "MEDIA_URL")]
        names = tuple(dict.fromkeys(name for link in links for name in file_names(link)))
        if not is_sound(descriptor.get("MIME_TYPE", ""), names):
            shift = descriptor.get("TIME_ORIGIN", "0")
            if not re.fullmatch(r"[+-]?[0-9]{1,12}", shift):
                raise UserError(
                    f"{eaf.path}: the medium {''.join(names[:1])!r} begins at "
                    f"{shift[:80]!r}, which is no number of milliseconds: {SAVE_AGAIN}"
                )
            media.append(Medium(names, int(shift)))
    return media


def is_sound(kind: str, names: Sequence[str]) -> bool:
    sound = (".wav", ".mp3", ".m4a", ".aif", ".aiff", ".flac")
    return kind.startswith("audio/") or any(name.lower().endswith(sound) for name in names)


def file_names(link: str) -> list[str]:
    """The files that a link may mean; of an address of the web, one of its name beside the file.

    ELAN escapes some characters and others not, so % may be itself.
    """
    path = re.sub(r"^file:(//localhost(?=/))?(//)?", "", link.replace("\\", "/"), flags=re.I)
    path = re.sub(r"^/+(?=[A-Za-z]:/)", "", path)  # C:/…, of Windows
    if re.match("[A-Za-z][A-Za-z0-9+.-]+:", path):
        path = path.rpartition("/")[2]
    if not path or "\0" in unquote(path):
        return []
    return list(dict.fromkeys((path, unquote(path))))
