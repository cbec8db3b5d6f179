"""Subtitles: a sentence at a time, for players (srt) and web pages (vtt)."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from sfsign_jax.data.times import clock
from sfsign_jax.files import write_text_atomically
from sfsign_jax.transcripts.transcript import Transcript

# SubRip has no escapes, but players take <…> for markup, and what stands in braces or behind a
# backslash for commands of ASS, the format they turn it into. A word joiner, which nobody sees,
# tells them that it is none; before a brace they need the backslash of ASS.
_MARKUP = {"<": "<\u2060", "\\": "\\\u2060", "{": "\\{\u2060", "-->": "--\u2060>"}


def write_srt(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    lines = []
    for number, (start, end, text) in enumerate(subtitles(transcript), start=1):
        shown = re.sub(r"[<\\{]|-->", lambda match: _MARKUP[match[0]], text)
        times = " --> ".join(clock(1000 * seconds, ",") for seconds in (start, end))
        lines.append(f"{number}\n{times}\n{shown}\n\n")
    write_text_atomically(path, "".join(lines))


def write_vtt(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    lines = ["WEBVTT\n\n"]
    for start, end, text in subtitles(transcript):
        shown = html.escape(text, quote=False)
        lines.append(f"{clock(1000 * start)} --> {clock(1000 * end)}\n{shown}\n\n")
    write_text_atomically(path, "".join(lines))


def subtitles(transcript: Transcript) -> Iterator[tuple[float, float, str]]:
    """Each sentence, shown from its first gloss to the end of its last, in seconds."""
    for sentence, frames in transcript.signed():
        yield *transcript.seconds(frames), " ".join(sentence.glosses)
