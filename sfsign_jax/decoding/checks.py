"""What can't be decoded is an error, and never a number that looks like a result."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

from sfsign_jax.errors import UserError


def check_log_probs(log_probs: Float[Array, "b t v"], num_steps: Int[Array, " b"]) -> None:
    """Inside a jitted function there are no numbers yet, and nothing is looked at.

    Raises:
        UserError: a clip has more steps than there are, or a log-probability is not finite.
    """
    if isinstance(log_probs, jax.core.Tracer) or isinstance(num_steps, jax.core.Tracer):
        return
    longest = np.shape(log_probs)[1]
    for clip, steps in enumerate(np.asarray(num_steps).tolist()):
        if not 0 <= steps <= longest:
            raise UserError(
                f"clip {clip} of the batch has {steps} steps; log-probabilities are of {longest}"
            )
    broken = np.argwhere(np.asarray(broken_steps(log_probs, num_steps)))
    for clip, step in broken[:1].tolist():
        raise UserError(f"clip {clip} of the batch has log-probabilities not finite at step {step}")


@jax.jit
def broken_steps(
    log_probs: Float[Array, "b t v"], num_steps: Int[Array, " b"]
) -> Bool[Array, "b t"]:
    inside = jnp.arange(log_probs.shape[1]) < num_steps[:, None]
    return inside & ~jnp.isfinite(log_probs).all(-1)
