"""A transcript with all that is known: confidences and the next best sentences."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsign_jax.files import write_text_atomically
from sfsign_jax.text import without_controls
from sfsign_jax.transcripts.transcript import Transcript

if TYPE_CHECKING:
    from sfsign_jax.recognition.result import Recognition


def write_json(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    sentences = [sentence_fields(transcript, *signed) for signed in transcript.signed()]
    fields = {
        "video": without_controls(transcript.video),
        "frame_rate": transcript.rate,
        "sentences": sentences,
    }
    text = json.dumps(fields, indent=2, ensure_ascii=False)
    write_text_atomically(path, text + "\n")


def sentence_fields(
    transcript: Transcript, sentence: "Recognition", frames: tuple[int, int]
) -> dict[str, Any]:
    glosses = zip(sentence.glosses, sentence.spans, sentence.confidences, strict=True)
    return {
        **span_fields(transcript, frames),
        "text": " ".join(sentence.glosses),
        "log_probability": round(sentence.log_probability, 4),
        "glosses": [
            {
                "gloss": gloss,
                **span_fields(transcript, frames),
                "confidence": round(confidence, 4),
            }
            for gloss, frames, confidence in glosses
        ],
        "alternatives": [
            {"text": " ".join(other.glosses), "log_probability": round(other.log_probability, 4)}
            for other in sentence.alternatives
        ],
    }


def span_fields(transcript: Transcript, frames: tuple[int, int]) -> dict[str, Any]:
    start, end = transcript.seconds(frames)
    return {"start": round(start, 3), "end": round(end, 3), "frames": frames}
