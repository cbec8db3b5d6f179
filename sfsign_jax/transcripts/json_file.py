"""A transcript with all that is known: confidences and the next best sentences."""

import json
from pathlib import Path
from typing import Any

from sfsign_jax.files import write_text_atomically
from sfsign_jax.text import without_controls
from sfsign_jax.transcripts.transcript import Sentence, Transcript


def write_json(path: Path, transcript: Transcript) -> None:
    """Raises UserError where nothing can be written."""
    sentences = [sentence_fields(transcript, *signed) for signed in transcript.signed()]
    fields = {
        "video": without_controls(transcript.video),
        "frame_rate": transcript.rate,
        **({"edited": True} if transcript.edited else {}),
        "sentences": sentences,
    }
    text = json.dumps(fields, indent=2, ensure_ascii=False)
    write_text_atomically(path, text + "\n")


def sentence_fields(
    transcript: Transcript, sentence: Sentence, frames: tuple[int, int]
) -> dict[str, Any]:
    glosses = zip(sentence.glosses, sentence.spans, sentence.confidences, strict=True)
    return {
        **span_fields(transcript, frames),
        "text": " ".join(sentence.glosses),
        **probability_fields(sentence.log_probability),
        "glosses": [
            {
                "gloss": gloss,
                **span_fields(transcript, frames),
                **(
                    {"edited": True} if confidence is None else {"confidence": round(confidence, 4)}
                ),
            }
            for gloss, frames, confidence in glosses
        ],
        "alternatives": [
            {"text": " ".join(other.glosses), **probability_fields(other.log_probability)}
            for other in sentence.alternatives
        ],
    }


def probability_fields(log_probability: float | None) -> dict[str, float]:
    return {} if log_probability is None else {"log_probability": round(log_probability, 4)}


def span_fields(transcript: Transcript, frames: tuple[int, int]) -> dict[str, Any]:
    start, end = transcript.seconds(frames)
    return {"start": round(start, 3), "end": round(end, 3), "frames": frames}
