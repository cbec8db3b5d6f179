"""Subtitles: a sentence at a time, for players (srt) and web pages (vtt)."""

from pathlib import Path

import pysubs2

from sfsign_jax.files import write_text_atomically
from sfsign_jax.transcripts.transcript import Transcript


def write_srt(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    write_text_atomically(path, subtitles(transcript).to_string("srt"))


def write_vtt(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    write_text_atomically(path, subtitles(transcript).to_string("vtt"))


def subtitles(transcript: Transcript) -> pysubs2.SSAFile:
    """Each sentence shown from its first gloss to the end of its last."""
    file = pysubs2.SSAFile()
    for sentence, frames in transcript.signed():
        start, end = (pysubs2.make_time(s=time) for time in transcript.seconds(frames))
        file.append(pysubs2.SSAEvent(start, end, " ".join(sentence.glosses)))
    return file
