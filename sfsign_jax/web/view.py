"""What was recognised, as HTML that brings its pictures and files with it."""

import base64
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sfsign_jax.transcripts import Transcript
from sfsign_jax.web.answer import Answer, files_of
from sfsign_jax.web.edited import timeline_of

HERE = Path(__file__).parent
SCRIPTS = ("glosses.js", "edit.js", "view.js")
KINDS = {
    "json": "application/json",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "eaf": "application/xml",
    "csv": "text/csv",
}


def view(answer: Answer) -> str:
    """The video with its glosses, the sentences with their pictures, and the files."""
    transcript = answer.transcript
    sentences = [
        {
            "others": [" ".join(other.glosses) for other in sentence.alternatives],
            "picture": data_url("image/webp", picture),
        }
        for sentence, picture in zip(transcript.sentences, answer.pictures, strict=True)
    ]
    timeline = msgspec.json.encode(timeline_of(transcript, answer.frames))
    return TEMPLATES.get_template("view.html").render(
        name=transcript.video,
        stem=Path(transcript.video).stem,
        timeline=timeline.decode(),
        remarks=answer.remarks,
        sentences=sentences,
        files=links(answer.files),
        vocabulary=answer.vocabulary,
    )


def problem(sentence: str) -> str:
    return TEMPLATES.get_template("problem.html").render(sentence=sentence)


def links_of(transcript: Transcript) -> dict[str, str]:
    """To its files, which they hold."""
    return links(files_of(transcript))


def links(files: dict[str, bytes]) -> dict[str, str]:
    return {kind: data_url(KINDS[kind], content) for kind, content in files.items()}


def data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,  # glosses and names of files are whatever somebody chose
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
