"""An annotation file for ELAN, the tool that linguists annotate signing with."""

import datetime
import mimetypes
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from sfsign_jax.data.elan import Annotation, Eaf, annotations, parse_eaf, read_eaf, tiers, videos
from sfsign_jax.errors import UserError
from sfsign_jax.files import write_text_atomically
from sfsign_jax.text import without_controls
from sfsign_jax.transcripts.elan_edits import edited, first_free_number
from sfsign_jax.transcripts.transcript import Transcript

SENTENCES, GLOSSES = "sentences", "glosses"  # the tiers
# What makes a tier's text or times depend on something else.
BOUND = {"CONSTRAINTS", "CONTROLLED_VOCABULARY_REF", "EXT_REF", "LEXICON_REF"}


def write_eaf(path: Path, transcript: Transcript) -> None:
    """Writes the tiers *sentences* and *glosses*, into the ELAN file where one is at `path`.

    Of that file every byte stays (but for the number of its last annotation): a tier that says the
    same is not written again, and one that says something else gets a neighbour, *glosses (2)*.

    Raises:
        UserError: nothing can be written, or there is something else at `path`.
    """
    if path.exists():
        try:
            eaf = read_eaf(path)
            text = with_tiers(eaf, transcript)
        except UserError as error:
            raise UserError(f"{error} (it is left as it is, and nothing written)") from error
        if text != eaf.text:
            write_text_atomically(path, text)
    else:
        eaf = parse_eaf(path, empty_eaf(Path(transcript.video)))
        write_text_atomically(path, with_tiers(eaf, transcript))


def empty_eaf(video: Path) -> str:
    """A file without tiers that links a video."""
    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    kind = mimetypes.guess_type(video.name)[0] or "video/mp4"
    relative = f"./{without_controls(video.name)}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="sfsign_jax" DATE="{now}" FORMAT="2.8" VERSION="2.8" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv2.8.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL={quoteattr(video.absolute().as_uri())} \
MIME_TYPE={quoteattr(kind)} RELATIVE_MEDIA_URL={quoteattr(relative)}/>
        <PROPERTY NAME="lastUsedAnnotationId">0</PROPERTY>
    </HEADER>
    <TIME_ORDER>
    </TIME_ORDER>
</ANNOTATION_DOCUMENT>
"""


def with_tiers(eaf: Eaf, transcript: Transcript) -> str:
    """The text of the file with what was recognised, where no tier says so already.

    Raises:
        UserError: the file lacks what ELAN's schema asks for.
    """
    origin = time_origin(eaf, transcript.video)
    kind, new_kind = linguistic_type(eaf)
    new = {
        name: content
        for tier, content in recognised(transcript, origin).items()
        if (name := name_for(eaf, tier, content)) is not None
    }
    if not new:
        return eaf.text
    number = slot = first_free_number(eaf.root)
    slots, elements = "", ""
    for name, content in new.items():
        elements += (
            f'\n    <TIER ANNOTATOR="sfsign_jax" LINGUISTIC_TYPE_REF={quoteattr(kind)} '
            f"TIER_ID={quoteattr(name)}>"
        )
        for start, end, text in content:
            slots += f"""
        <TIME_SLOT TIME_SLOT_ID="ts{slot}" TIME_VALUE="{start}"/>
        <TIME_SLOT TIME_SLOT_ID="ts{slot + 1}" TIME_VALUE="{end}"/>"""
            elements += f"""
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="ts{slot}" \
TIME_SLOT_REF2="ts{slot + 1}">
                <ANNOTATION_VALUE>{escape(text)}</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>"""
            number, slot = number + 1, slot + 2
        elements += "\n    </TIER>"
    return edited(eaf, slots, elements + new_kind, number - 1)


def recognised(transcript: Transcript, origin: int) -> dict[str, list[tuple[int, int, str]]]:
    """Tier -> (start, end, text) of its annotations, in milliseconds as the file counts."""
    found: dict[str, list[tuple[int, int, str]]] = {SENTENCES: [], GLOSSES: []}

    def add(tier: str, frames: tuple[int, int], text: str) -> None:
        start, end = (round(1000 * second) - origin for second in transcript.seconds(frames))
        if end > 0:  # a file may begin later than its video
            found[tier].append((max(start, 0), end, text))

    for sentence, frames in transcript.signed():
        add(SENTENCES, frames, " ".join(sentence.glosses))
        for gloss, span in zip(sentence.glosses, sentence.spans, strict=True):
            add(GLOSSES, span, gloss)
    return found


def name_for(eaf: Eaf, tier: str, content: list[tuple[int, int, str]]) -> str | None:
    """What a new tier is called; None where one that is there says the same, or there is nothing
    to say."""
    names, name, number = tiers(eaf), tier, 1
    if names and not content:
        return None
    while name in names:
        there = [rounded(annotation) for annotation in annotations(eaf, name)]
        if there == content:
            return None
        number += 1
        name = f"{tier} ({number})"
    return name


def rounded(annotation: Annotation) -> tuple[int, int, str]:
    return round(annotation.start), round(annotation.end), annotation.text


def time_origin(eaf: Eaf, video: str) -> int:
    """Milliseconds of the video at the file's time 0."""
    name = without_controls(Path(video).name)
    linked = (m.origin for m in videos(eaf) if name in {PurePosixPath(n).name for n in m.names})
    return next(linked, 0)


def linguistic_type(eaf: Eaf) -> tuple[str, str]:
    """A type for tiers of free text with times of their own, and the element that makes it, where
    the file has none."""
    names = set()
    for kind in eaf.root.iterfind("LINGUISTIC_TYPE"):
        name = kind.get("LINGUISTIC_TYPE_ID", "")
        names.add(name)
        if not kind.attrib.keys() & BOUND and kind.get("TIME_ALIGNABLE", "true") in ("true", "1"):
            return name, ""
    name = "default-lt"
    while name in names:
        name += "_"
    return name, (
        f'\n    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="{name}" '
        'TIME_ALIGNABLE="true"/>'
    )
