"""When signs are made, from what both heads of a network say in steps that overlap.

CTC wants each gloss said once, whenever suits the network. The temporal convolutions see but a few
steps, so they say it near its sign, and early or late by a time that has been measured (`Timing`):
so much later or earlier is the middle of the sign, and steps that overlap tell it to the frame. The
BiLSTM sees all there is and may say it anywhere: it counts where it has been found to keep time
with the convolutions. Of borders CTC knows nothing: a sign takes SIGN_SHARE of the time from one
middle to the next, and the way between two signs the rest.
"""

import functools

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int

from sfsign_jax.decoding.alignment import align_tokens
from sfsign_jax.decoding.timing import Timing

SIGN_SHARE = 0.6
FAR = 1.75  # times the pace: middles further apart have a pause between them
FLATTENED = 3.0  # by this root of its probability a gloss counts in steps beside its highest


@functools.partial(jax.jit, static_argnames="timing")
def place_glosses(
    conv_log_probs: Float[Array, "phases steps v"],
    sequence_log_probs: Float[Array, "phases steps v"],
    num_steps: Int[Array, ""],
    tokens: Int[Array, " u"],
    length: Int[Array, ""],
    *,
    timing: Timing,
    num_frames: Int[Array, ""],
    start: int = 0,
    free: int = 0,
) -> tuple[Int[Array, "u 2"], Float[Array, " u"]]:
    """First and last frame of the signs of the first `length` tokens, and how probable each is
    where the BiLSTM says it; entries from `length` on mean nothing.

    The first step of phase p begins with frame start + p of a video of `num_frames` frames, and
    there are as many phases as a step has frames. The tokens must fit into `num_steps`. No sign
    has a frame before `free`.
    """
    by_conv, _ = said_at(conv_log_probs, num_steps, tokens, length)
    by_sequence, confidences = said_at(sequence_log_probs, num_steps, tokens, length)
    middle = by_conv - timing.conv_lag
    if timing.sequence_lag is not None:
        middle = (middle + by_sequence - timing.sequence_lag) / 2
    if timing.gloss_lags:
        middle -= jnp.array([0.0, *timing.gloss_lags])[tokens]  # the first class is the blank
    return sign_spans(start + middle, length, timing.pace, num_frames, free), confidences


@jax.jit
def said_at(
    log_probs: Float[Array, "phases steps v"],
    num_steps: Int[Array, ""],
    tokens: Int[Array, " u"],
    length: Int[Array, ""],
) -> tuple[Float[Array, " u"], Float[Array, " u"]]:
    """When a head says each of the first `length` tokens, in frames, and how probable it is there.

    Steps and tokens are as for `place_glosses`.
    """
    phases, steps, _ = log_probs.shape
    frames = log_probs.swapaxes(0, 1).reshape(phases * steps, -1)  # a step for each frame
    first, last = align_tokens(frames, num_steps * phases, tokens, length)
    frame = jnp.arange(phases * steps)
    inside = (frame >= first[:, None]) & (frame <= last[:, None])
    confidence = jnp.exp(jnp.where(inside, frames[:, tokens].T, -jnp.inf).max(axis=1))
    # Up to where its neighbours are said: what speaks for a sign weakly speaks for it longer.
    number = jnp.arange(tokens.shape[0])
    after = jnp.where(number + 1 < length, jnp.roll(first, -1), num_steps * phases)
    before = jnp.where(number > 0, jnp.roll(last, 1), -1)
    own = (frame > before[:, None]) & (frame < after[:, None])
    said = jnp.where(own, frames[:, tokens].T / FLATTENED, -jnp.inf)
    weights = jnp.exp(said - said.max(axis=1, keepdims=True))
    middle = (weights * frame).sum(axis=1) / weights.sum(axis=1)
    return middle + phases / 2, confidence


@jax.jit
def sign_spans(
    middle: Float[Array, " u"],
    length: Int[Array, ""],
    pace: Float[Array, ""],
    num_frames: Int[Array, ""],
    free: int = 0,
) -> Int[Array, "u 2"]:
    """First and last frame of each of the first `length` signs of a clip, from frame `free` on."""
    # Within the clip, in their order and with a frame for each.
    number = jnp.arange(middle.shape[0])
    middle = lax.cummax(middle - number)
    middle = jnp.clip(middle, free + 0.5, num_frames - length + 0.5) + number
    between = jnp.diff(middle)
    near = (between < FAR * pace) & (number[1:] < length)
    before, after = (jnp.pad(jnp.where(near, between, 0), sides) for sides in ((1, 0), (0, 1)))
    neighbours = (before > 0).astype(int) + (after > 0)
    usual = jnp.where(neighbours > 0, (before + after) / jnp.maximum(neighbours, 1), pace)
    half = SIGN_SHARE * usual / 2
    # No further than half the way to a neighbour.
    start = middle - jnp.where(before > 0, jnp.minimum(half, before / 2), half)
    end = middle + jnp.where(after > 0, jnp.minimum(half, after / 2), half)
    own = jnp.floor(middle)
    first = jnp.clip(jnp.floor(start + 0.5), free, own)
    last = jnp.clip(jnp.floor(end + 0.5) - 1, own, num_frames - 1)
    return jnp.stack([first, last], axis=1).astype(int)
