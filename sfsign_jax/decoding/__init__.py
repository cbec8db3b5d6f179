"""From logits to glosses: search over label sequences, and where in time they stand."""

from sfsign_jax.decoding.alignment import align_tokens, steps_needed
from sfsign_jax.decoding.beam import beam_search
from sfsign_jax.decoding.greedy import greedy_search
from sfsign_jax.decoding.places import place_glosses, said_at
from sfsign_jax.decoding.timing import UNKNOWN_TIMING, SaidGlosses, Timing, measured_timing

__all__ = [
    "UNKNOWN_TIMING",
    "SaidGlosses",
    "Timing",
    "align_tokens",
    "beam_search",
    "greedy_search",
    "measured_timing",
    "place_glosses",
    "said_at",
    "steps_needed",
]
