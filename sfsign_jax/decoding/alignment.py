"""Which steps each token of a known sequence takes up: the best CTC alignment (Viterbi)."""

import functools
import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float, Int


def steps_needed(glosses: Sequence[str]) -> int:
    """Of an alignment in CTC: one a gloss, and a blank between equal neighbours."""
    repeats = sum(one == other for one, other in itertools.pairwise(glosses))
    return len(glosses) + repeats


@functools.partial(jax.jit, static_argnames="blank")
def align_tokens(
    log_probs: Float[Array, "t v"],
    num_steps: Int[Array, ""],
    tokens: Int[Array, " u"],
    length: Int[Array, ""],
    blank: int = 0,
) -> tuple[Int[Array, " u"], Int[Array, " u"]]:
    """First and last step of each of the first `length` tokens on the most probable alignment.

    The tokens must fit into `num_steps`; entries from `length` on mean nothing.
    """
    steps, size = log_probs.shape[0], 2 * tokens.shape[0] + 1  # not len: see beam search
    # The alignment moves through blank, token 0, blank, token 1, …, blank.
    states = jnp.full(size, blank).at[1::2].set(tokens)
    index = jnp.arange(size)
    differs = states != jnp.roll(states, 2)
    may_skip = (index % 2 == 1) & (index >= 2) & differs
    emitted = log_probs[:, states]

    def advance(scores: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        step, emission = inputs
        options = jnp.stack(
            [
                scores,
                jnp.where(index >= 1, jnp.roll(scores, 1), -jnp.inf),
                jnp.where(may_skip, jnp.roll(scores, 2), -jnp.inf),
            ]
        )
        advanced = options.max(0) + emission
        return jnp.where(step < num_steps, advanced, scores), options.argmax(0)

    later = jnp.arange(1, steps)
    start = jnp.where(index <= 1, emitted[0], -jnp.inf)
    final, moves = lax.scan(advance, start, (later, emitted[1:]))
    end = jnp.where(final[2 * length] > final[2 * length - 1], 2 * length, 2 * length - 1)

    def retrace(state: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        step, move = inputs
        before = jnp.where(step < num_steps, state - move[state], state)
        return before, before

    _, path = lax.scan(retrace, end, (later, moves), reverse=True)
    path = jnp.append(path, end)
    # path[s] is the state at step s; from num_steps on it stays at the end and does not count.
    visits = (path[:, None] == index[1::2]) & (jnp.arange(steps) < num_steps)[:, None]
    return visits.argmax(0), steps - 1 - visits[::-1].argmax(0)
