"""The most probable symbol of each step, neighbours merged, blanks dropped."""

import functools

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.decoding.checks import check_log_probs


def greedy_search(
    log_probs: Float[Array, "b t v"], num_steps: Int[Array, " b"], blank: int = 0
) -> tuple[Int[Array, "b 1 t"], Int[Array, "b 1"], Float[Array, "b 1"]]:
    """Tokens (filled up with blanks), their number, and the log-probability of the best path.

    Raises:
        UserError: as for `check_log_probs`.
    """
    check_log_probs(log_probs, num_steps)
    return best_paths(log_probs, num_steps, blank)


@functools.partial(jax.jit, static_argnames="blank")
def best_paths(
    log_probs: Float[Array, "b t v"], num_steps: Int[Array, " b"], blank: int
) -> tuple[Int[Array, "b 1 t"], Int[Array, "b 1"], Float[Array, "b 1"]]:
    """All clips of a batch; see greedy_search."""
    steps = jnp.arange(log_probs.shape[1])
    inside = steps < num_steps[:, None]
    best = jnp.where(inside, log_probs.argmax(-1), blank)
    changed = jnp.diff(best, axis=1, prepend=blank) != 0
    kept = changed & (best != blank)
    # A stable sort by "not kept" moves the kept tokens to the front in their order.
    order = jnp.argsort(~kept, axis=1, stable=True)
    lengths = kept.sum(1)
    tokens = jnp.take_along_axis(best, order, axis=1)
    tokens = jnp.where(steps < lengths[:, None], tokens, blank)
    scores = jnp.where(inside, log_probs.max(-1), 0).sum(1)
    return tokens[:, None], lengths[:, None], scores[:, None]
