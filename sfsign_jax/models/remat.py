"""What a block of the backbone keeps of its forward pass for the gradient.

Its input, the outputs of its first two convolutions and the statistics: two thirds of the memory.
Normalised and rectified activations, and the last convolution, a matrix product, are computed
again, which takes no time that could be measured.
"""

import functools

import jax
from jax.ad_checkpoint import checkpoint_name

KEPT = "kept for the gradient"
KEEP = jax.checkpoint_policies.save_only_these_names(KEPT)

kept_for_gradient = functools.partial(checkpoint_name, name=KEPT)
