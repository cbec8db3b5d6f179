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

KEPT = "kept for the gradient"
KEEP = jax.checkpoint_policies.save_only_these_names(KEPT)

WIDE = 512  # channels

kept_for_gradient = functools.partial(checkpoint_name, name=KEPT)


def kept_where_wide(x: Float[Array, "*n c"]) -> Float[Array, "*n c"]:
    return kept_for_gradient(x) if x.shape[-1] >= WIDE else x
