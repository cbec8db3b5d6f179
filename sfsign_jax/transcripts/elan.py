"""An annotation file for ELAN, the tool that linguists annotate signing with."""

import mimetypes
from pathlib import Path

import pympi

from sfsign_jax.files import replacing
from sfsign_jax.text import without_controls
from sfsign_jax.transcripts.transcript import Transcript

SENTENCES, GLOSSES = "sentences", "glosses"  # the tiers


def write_eaf(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    file = pympi.Elan.Eaf(author="sfsign_jax")
    file.remove_tier("default")
    file.add_tier(SENTENCES)
    file.add_tier(GLOSSES)
    video = Path(transcript.video)
    kind = mimetypes.guess_type(video.name)[0] or "video/mp4"
    file.add_linked_file(
        video.absolute().as_uri(), relpath=f"./{without_controls(video.name)}", mimetype=kind
    )
    for sentence, frames in transcript.signed():
        text = " ".join(sentence.glosses)
        file.add_annotation(SENTENCES, *milliseconds(transcript, frames), value=text)
        for gloss, frames in zip(sentence.glosses, sentence.spans, strict=True):
            file.add_annotation(GLOSSES, *milliseconds(transcript, frames), value=gloss)
    with replacing(path) as temporary:
        file.to_file(temporary)


def milliseconds(transcript: Transcript, frames: tuple[int, int]) -> tuple[int, int]:
    start, end = transcript.seconds(frames)
    return round(1000 * start), round(1000 * end)
