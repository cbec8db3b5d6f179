"""A video as a row of corpus.csv, the table that a model is trained from."""

import csv
import io
from itertools import chain
from pathlib import Path

from sfsign_jax.files import write_text_atomically
from sfsign_jax.text import without_controls
from sfsign_jax.transcripts.transcript import Transcript

COLUMNS = ("id", "video", "glosses", "split", "signer")


def write_csv(path: Path, transcript: Transcript) -> None:
    """The header, and a row where the video has a gloss: a clip of a corpus needs one.

    Raises:
        UserError: nothing can be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    glosses = chain.from_iterable(sentence.glosses for sentence, _ in transcript.signed())
    # Spaces separate glosses there.
    signed = " ".join("-".join(gloss.split()) for gloss in glosses)
    if signed:
        name = without_controls(Path(transcript.video).name)
        writer.writerow((clip_id(name), name, signed, "train", ""))
    write_text_atomically(path, table.getvalue())


def clip_id(name: str) -> str:
    """A name as ids may be: without white space, and with no comment's beginning."""
    return "_".join(Path(name).stem.split()).lstrip(";") or "clip"
