"""Prefix beam search for CTC without a language model, as one program of fixed shapes.

A prefix is scored by all alignments that collapse to it (Hannun et al. 2014, "First-pass large
vocabulary continuous speech recognition using bi-directional recurrent DNNs"); what is searched
and what is pruned follows ctcdecode 1.0.3 (docs/specification.md, "Decoding").
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import ArrayLike, Float, Int

from sfsign_jax.decoding.checks import check_log_probs

NEVER = -jnp.inf


class BeamState(NamedTuple):
    """The prefixes of one clip, best first."""

    tokens: Int[Array, "k u"]  # blank past the length
    lengths: Int[Array, " k"]
    ends_blank: Float[Array, " k"]  # log-probability of the alignments that end in a blank
    ends_token: Float[Array, " k"]  # … that end in the prefix's last token

    @property
    def scores(self) -> Float[Array, " k"]:
        return jnp.logaddexp(self.ends_blank, self.ends_token)


def beam_search(
    log_probs: Float[Array, "b t v"],
    num_steps: Int[Array, " b"],
    beam_width: int = 10,
    top_symbols: int = 40,
    blank: int = 0,
) -> tuple[Int[Array, "b k t"], Int[Array, "b k"], Float[Array, "b k"]]:
    """The `beam_width` best label sequences of each clip, best first.

    At each step only the `top_symbols` most probable symbols are considered, the blank among
    them or not. Returns tokens (filled up with blanks), their numbers and log-probabilities;
    a sequence that does not exist has the log-probability -inf.

    Raises:
        UserError: as for `check_log_probs`.
    """
    check_log_probs(log_probs, num_steps)
    return search_batch(log_probs, num_steps, beam_width, top_symbols, blank)


@functools.partial(jax.jit, static_argnames=("beam_width", "top_symbols", "blank"))
def search_batch(
    log_probs: Float[Array, "b t v"],
    num_steps: Int[Array, " b"],
    beam_width: int,
    top_symbols: int,
    blank: int,
) -> tuple[Int[Array, "b k t"], Int[Array, "b k"], Float[Array, "b k"]]:
    """All clips of a batch; see beam_search."""
    symbol_probs, symbols = lax.top_k(log_probs, min(top_symbols, log_probs.shape[-1]))
    search = functools.partial(search_clip, beam_width=beam_width, blank=blank)
    beams = jax.vmap(search)(symbol_probs, symbols, num_steps)
    return beams.tokens, beams.lengths, jax.vmap(lambda b: b.scores)(beams)


def search_clip(
    symbol_probs: Float[Array, "t s"],
    symbols: Int[Array, "t s"],
    num_steps: Int[Array, ""],
    *,
    beam_width: int,
    blank: int,
) -> BeamState:
    """All steps of one clip, starting from the empty prefix."""
    steps = symbols.shape[0]  # not len: an exported program takes any number
    never = jnp.full(beam_width, NEVER, symbol_probs.dtype)
    start = BeamState(
        tokens=jnp.full((beam_width, steps), blank),
        lengths=jnp.zeros(beam_width, int),
        ends_blank=never.at[0].set(0),
        ends_token=never,
    )

    def advance(beams: BeamState, inputs: tuple[Array, Array, Array]) -> tuple[BeamState, None]:
        step, probs, ids = inputs
        extended = extend(beams, probs, ids, blank)
        return jax.tree.map(functools.partial(jnp.where, step < num_steps), extended, beams), None

    return lax.scan(advance, start, (jnp.arange(steps), symbol_probs, symbols))[0]


def extend(
    beams: BeamState, probs: Float[Array, " s"], symbols: Int[Array, " s"], blank: int
) -> BeamState:
    """One step: every prefix stays or grows by one symbol; the best are kept."""
    width, longest = beams.tokens.shape
    scores = beams.scores
    position = jnp.arange(longest)
    ends = position == beams.lengths[:, None] - 1  # k u, one-hot at the last token
    last = jnp.where(ends, beams.tokens, 0).sum(1)
    last = jnp.where(beams.lengths > 0, last, -1)

    def probability_of(symbol: Int[ArrayLike, ""]) -> Float[Array, ""]:
        """Of one symbol; never, if it was pruned."""
        return jnp.max(jnp.where(symbols == symbol, probs, NEVER))

    # A prefix stays by a blank, or by repeating its last token.
    stay_blank = scores + probability_of(blank)
    stay_token = beams.ends_token + jax.vmap(probability_of)(last)

    # It grows by a token; after the same token only from alignments that end in a blank.
    repeats = symbols == last[:, None]  # k s
    grow = probs + jnp.where(repeats, beams.ends_blank[:, None], scores[:, None])
    grow = jnp.where(symbols == blank, NEVER, grow)

    # Where prefix i grows into prefix j of the beam, j takes the probability over.
    stems = jnp.where(ends, blank, beams.tokens)
    becomes = (stems[None] == beams.tokens[:, None]).all(-1)  # i j
    becomes &= beams.lengths[None] == beams.lengths[:, None] + 1
    joins = becomes[:, :, None] & (symbols == last[:, None])[None]  # i j s
    joined = jnp.where(joins, grow[:, None, :], NEVER).max((0, 2))
    stay_token = jnp.logaddexp(stay_token, joined)
    grow = jnp.where(joins.any(1), NEVER, grow)

    candidates = jnp.concatenate([jnp.logaddexp(stay_blank, stay_token), grow.reshape(-1)])
    _, kept = lax.top_k(candidates, width)
    grows = kept >= width
    parent = jnp.where(grows, (kept - width) // len(symbols), kept)
    symbol = symbols[(kept - width) % len(symbols)]
    here = grows[:, None] & (position == beams.lengths[parent][:, None])
    return BeamState(
        tokens=jnp.where(here, symbol[:, None], beams.tokens[parent]),
        lengths=beams.lengths[parent] + grows,
        ends_blank=jnp.where(grows, NEVER, stay_blank[parent]),
        ends_token=jnp.where(grows, candidates[kept], stay_token[parent]),
    )
