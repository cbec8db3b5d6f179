"""What a block of the backbone keeps of its forward pass for the gradient.

Its input, the outputs of its convolutions and the statistics. Normalised and rectified activations
are computed again, and so is the output of a narrow block's last convolution: the narrower, the
less work a value of it is, and the larger it is.
"""

import functools

import jax
from jax import Array
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Float

SAVED = "kept for the gradient"
SAVE_POLICY = jax.checkpoint_policies.save_only_these_names(SAVED)

SAVE_MIN_CHANNELS = 512  # channels

saved_for_gradient = functools.partial(checkpoint_name, name=SAVED)


def saved_where_wide(x: Float[Array, "*n c"]) -> Float[Array, "*n c"]:
    return saved_for_gradient(x) if x.shape[-1] >= SAVE_MIN_CHANNELS else x
