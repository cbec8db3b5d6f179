"""When signs are made, from what a network says in steps that overlap.

CTC wants each gloss said once, whenever suits the network, and networks say it early: by a time
that is much the same for all signs of one network (`Timing.lag`). So much later is the middle of
the sign, and steps that overlap tell it to the frame. Of borders CTC knows nothing: a sign takes
SIGN_SHARE of the time from one middle to the next, and the way between two signs the rest.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.decoding.alignment import align_tokens

SIGN_SHARE = 0.6
FAR = 1.75  # times the pace: middles further apart have a pause between them


@dataclasses.dataclass(frozen=True)
class Timing:
    """How the steps of a network stand to the signs, in frames.

    Raises:
        ValueError: no network can be so.
    """

    lag: float  # from the middle of a sign to where the network says it: below 0 where it is early
    pace: float  # from the middle of a sign to that of the next

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lag) and 0 < self.pace < math.inf):
            raise ValueError(f"a lag of {self.lag} frames and a pace of {self.pace} frames")


# Where nobody has measured it; PHOENIX has a sign in 12 frames.
UNKNOWN_TIMING = Timing(lag=0.0, pace=12.0)


@jax.jit
def said_at(
    log_probs: Float[Array, "phases steps v"],
    num_steps: Int[Array, ""],
    tokens: Int[Array, " u"],
    length: Int[Array, ""],
) -> tuple[Float[Array, " u"], Float[Array, " u"]]:
    """When each of the first `length` tokens is said, in frames, and how probable it is there.

    The steps of phase p begin p frames after those of phase 0, and there are as many phases as a
    step has frames. The tokens must fit into `num_steps`; entries from `length` on mean nothing.
    """
    phases, steps, _ = log_probs.shape
    frames = log_probs.swapaxes(0, 1).reshape(phases * steps, -1)  # a step for each frame
    first, last = align_tokens(frames, num_steps * phases, tokens, length)
    frame = jnp.arange(phases * steps)
    inside = (frame >= first[:, None]) & (frame <= last[:, None])
    said = jnp.where(inside, frames[:, tokens].T, -jnp.inf)
    weights = jnp.exp(said - said.max(axis=1, keepdims=True))
    middle = (weights * frame).sum(axis=1) / weights.sum(axis=1)
    return middle + phases / 2, jnp.exp(said.max(axis=1))


@jax.jit
def sign_spans(
    said: Float[Array, " u"],
    length: Int[Array, ""],
    lag: Float[Array, ""],
    pace: Float[Array, ""],
    num_frames: Int[Array, ""],
    free: int = 0,
) -> Int[Array, "u 2"]:
    """First and last frame of each of the first `length` signs of a clip, from frame `free` on."""
    # Within the clip, with a frame for each: glosses are said a frame apart at least.
    number = jnp.arange(said.shape[0])
    middle = jnp.clip(said - lag, free + number + 0.5, num_frames - length + number + 0.5)
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


def measured_timing(said: Iterable[Sequence[float]], num_frames: Iterable[int]) -> Timing | None:
    """The timing of a network that says the signs of clips at these times; None of clips without.

    Clips are taken to begin as long before their first sign as they end after their last one, on
    average.
    """
    clips = [(np.array(times), frames) for times, frames in zip(said, num_frames, strict=True)]
    lags = [(times[0] + times[-1] - frames) / 2 for times, frames in clips if len(times)]
    paces = np.concatenate([[], *(np.diff(times) for times, _ in clips)])
    if not lags or not len(paces):
        return None
    return Timing(float(np.mean(lags)), float(np.median(paces)))
