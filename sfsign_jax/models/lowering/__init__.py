"""Operations in forms that compilers turn into fast programs: all that is there because of them.

The rest of the package calls these functions and knows of no barrier, backend or compiler flag.
"""

from sfsign_jax.models.lowering.barrier import compute_once, compute_once_on_cpu
from sfsign_jax.models.lowering.conv3d import conv3d
from sfsign_jax.models.lowering.conv_time import mask_time, stack_time_taps
from sfsign_jax.models.lowering.matmul import matmul
from sfsign_jax.models.lowering.max_pool import max_pool
from sfsign_jax.models.lowering.relu import relu
from sfsign_jax.models.lowering.saved_for_gradient import (
    SAVE_POLICY,
    saved_for_gradient,
    saved_where_wide,
)

__all__ = [
    "SAVE_POLICY",
    "compute_once",
    "compute_once_on_cpu",
    "conv3d",
    "mask_time",
    "matmul",
    "max_pool",
    "relu",
    "saved_for_gradient",
    "saved_where_wide",
    "stack_time_taps",
]
