"""What was recognised, as HTML that brings its pictures and files with it."""

import base64
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sfsign_jax.recognition.result import Recognition
from sfsign_jax.web.answer import Answer

HERE = Path(__file__).parent
KINDS = {
    "json": "application/json",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "eaf": "application/xml",
    "csv": "text/csv",
}
COLOURS = 10  # those of the timeline pictures, in their order


class Sign(NamedTuple):
    """A gloss where it was signed; times in seconds."""

    gloss: str
    sentence: int
    colour: int
    confidence: float
    start: float
    end: float
    until_next: float  # from its start to that of the next one, or to the video's end


def view(answer: Answer) -> str:
    """The video with its glosses, the sentences with their pictures, and the files."""
    transcript = answer.transcript
    signs = list(placed(answer))
    sentences: list[dict[str, Any]] = [
        {
            "signs": [sign for sign in signs if sign.sentence == number],
            "others": [" ".join(other.glosses) for other in sentence.alternatives],
            "picture": data_url("image/webp", picture),
        }
        for number, (sentence, picture) in enumerate(
            zip(transcript.sentences, answer.pictures, strict=True)
        )
    ]
    files = {kind: data_url(KINDS[kind], content) for kind, content in answer.files.items()}
    return TEMPLATES.get_template("view.html").render(
        name=transcript.video,
        stem=Path(transcript.video).stem,
        seconds=answer.seconds,
        remarks=answer.remarks,
        signs=signs,
        sentences=sentences,
        files=files,
    )


def problem(sentence: str) -> str:
    return TEMPLATES.get_template("problem.html").render(sentence=sentence)


def placed(answer: Answer) -> Iterator[Sign]:
    transcript = answer.transcript
    signs = [
        Sign(gloss, number, colour, confidence, *transcript.seconds(span), until_next=0)
        for number, sentence in enumerate(transcript.sentences)
        for gloss, colour, confidence, span in zip(
            sentence.glosses, colours(sentence), sentence.confidences, sentence.spans, strict=True
        )
    ]
    starts = [sign.start for sign in signs] + [answer.seconds]
    for sign, (start, following) in zip(signs, pairwise(starts), strict=True):
        yield sign._replace(until_next=following - start)


def colours(sentence: Recognition) -> Sequence[int]:
    order = list(dict.fromkeys(sentence.glosses))
    return [order.index(gloss) % COLOURS for gloss in sentence.glosses]


def data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,  # glosses and names of files are whatever somebody chose
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters.update(clock=clock)
