"""A matrix product whose gradients XLA multiplies fast on a CPU."""

import jax
from jax import Array
from jaxtyping import Float

from sfsign_jax.models.lowering.barrier import compute_once


@jax.custom_vjp
def matmul(x: Float[Array, "*n i"], kernel: Float[Array, "i o"]) -> Float[Array, "*n o"]:
    """x · kernel.

    One factor of each gradient is transposed, which is fast where it is the narrower one: else the
    product is taken the other way round, behind a barrier, since XLA would turn it back. Not so the
    kernel's of few rows: it is larger than its factors, and whoever reads it would transpose it.
    """
    return x @ kernel


def forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ kernel, (x, kernel)


def backward(inputs: tuple[Array, Array], upstream: Array) -> tuple[Array, Array]:
    x, kernel = inputs
    in_channels, out_channels = kernel.shape
    rows, gradient = x.reshape(-1, in_channels), upstream.reshape(-1, out_channels)
    few = len(rows) < in_channels
    of_rows = transposed_matmul(kernel, gradient.T) if few else gradient @ kernel.T
    of_kernel = (
        rows.T @ gradient
        if few or in_channels <= out_channels
        else transposed_matmul(gradient.T, rows)
    )
    return of_rows.reshape(x.shape), of_kernel


def transposed_matmul(a: Float[Array, "n k"], b: Float[Array, "k m"]) -> Float[Array, "m n"]:
    return compute_once(a @ b).T


matmul.defvjp(forward, backward)
