"""The timeline of a video between server and browser, and what a person has made of it."""

from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Annotated

import msgspec

from sfsign_jax.data.times import HIGHEST_RATE, LOWEST_RATE
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text, printable, without_controls
from sfsign_jax.transcripts import Sentence, Transcript
from sfsign_jax.web.refused import RefusedError

MOST_FRAMES = 10_000_000
MOST_GLOSSES = 10_000

Frame = Annotated[int, msgspec.Meta(ge=0, lt=MOST_FRAMES)]


class Gloss(msgspec.Struct, forbid_unknown_fields=True):
    gloss: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    start: Frame
    end: Frame  # the last one
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None  # None: edited


Glosses = Annotated[list[Gloss], msgspec.Meta(min_length=1, max_length=MOST_GLOSSES)]


class Timeline(msgspec.Struct, forbid_unknown_fields=True):
    video: Annotated[str, msgspec.Meta(pattern=r"^[^/]{1,255}\Z")]
    rate: Annotated[float, msgspec.Meta(ge=LOWEST_RATE, le=HIGHEST_RATE)]
    frames: Annotated[int, msgspec.Meta(ge=0, le=MOST_FRAMES)]
    sentences: Annotated[list[Glosses], msgspec.Meta(max_length=MOST_GLOSSES)]


def timeline_of(transcript: Transcript, frames: int) -> Timeline:
    """For the browser."""
    return Timeline(
        without_controls(transcript.video),
        transcript.rate,
        frames,
        [
            [
                Gloss(gloss, start, end, confidence and round(confidence, 4))
                for gloss, (start, end), confidence in zip(
                    sentence.glosses, sentence.spans, sentence.confidences, strict=True
                )
            ]
            for sentence, _ in transcript.signed()
        ],
    )


def transcript_of(body: bytes) -> Transcript:
    """What a person has made of a timeline.

    Raises:
        RefusedError: no timeline can be so.
    """
    try:
        timeline = msgspec.json.decode(body, type=Timeline)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RefusedError(400, f"this is no timeline: {printable(error)[:150]}") from error
    if without_controls(timeline.video) != timeline.video:
        raise RefusedError(400, "the name of the video can't be printed")
    check_places([*chain.from_iterable(timeline.sentences)], timeline.frames)
    try:
        sentences = [*map(sentence_of, timeline.sentences)]
    except UserError as error:
        raise RefusedError(400, str(error)) from error
    return Transcript(timeline.video, timeline.rate, sentences, edited=True)


def check_places(glosses: list[Gloss], frames: int) -> None:
    """One after the other, within the video.

    Raises:
        RefusedError: they are not, or too many.
    """
    if len(glosses) > MOST_GLOSSES:
        raise RefusedError(413, f"there are more than {MOST_GLOSSES} glosses")
    for gloss in glosses:
        if not gloss.start <= gloss.end < frames:
            raise RefusedError(400, "a gloss ends before it starts, or after the video")
    if any(gloss.end >= following.start for gloss, following in pairwise(glosses)):
        raise RefusedError(400, "two glosses are signed at once")


def sentence_of(glosses: Iterable[Gloss]) -> Sentence:
    """
    Raises:
        UserError: a gloss has nothing that can be read, or what can't be printed.
    """
    cleaned = tuple(clean_text(gloss.gloss, "a gloss").strip() for gloss in glosses)
    if not all(cleaned):
        raise UserError("a gloss has nothing that can be read")
    return Sentence(
        cleaned,
        tuple((gloss.start, gloss.end) for gloss in glosses),
        tuple(gloss.confidence for gloss in glosses),
    )
