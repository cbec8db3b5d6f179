"""From logits to glosses: search over label sequences, and where in time they stand."""

from sfsign_jax.decoding.alignment import align_tokens, steps_needed
from sfsign_jax.decoding.beam import beam_search
from sfsign_jax.decoding.greedy import greedy_search
from sfsign_jax.decoding.places import (
    UNKNOWN_TIMING,
    Timing,
    measured_timing,
    place_glosses,
    said_at,
)

__all__ = [
    "UNKNOWN_TIMING",
    "Timing",
    "align_tokens",
    "beam_search",
    "greedy_search",
    "measured_timing",
    "place_glosses",
    "said_at",
    "steps_needed",
]
