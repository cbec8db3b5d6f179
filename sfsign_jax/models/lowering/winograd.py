"""Winograd's minimal filtering: m neighbouring outputs of three taps from m + 2 products, not 3 m.

F(m, 3) of Lavin and Gray: "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section
4, whose B, G and A these are. Inputs and taps are seen as polynomials, multiplied at some points
and at infinity.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from sfsign_jax.models.lowering.barrier import compute_once


class WinogradTransform(NamedTuple):
    """What is multiplied and what becomes of the products, as weights of sums."""

    of_inputs: Float[np.ndarray, "m+2 m+2"]  # B
    of_taps: Float[np.ndarray, "m+2 3"]  # G
    of_products: Float[np.ndarray, "m m+2"]  # A

    @property
    def outputs(self) -> int:
        return len(self.of_products)


def winograd_transform(*points: float) -> WinogradTransform:
    """F(len(points) - 1, 3). Errors grow with the powers of the points and of their inverses."""
    outputs = len(points) - 1
    others = [[other for other in points if other != point] for point in points]
    infinity = np.arange(outputs + 2) == outputs + 1
    inputs = [np.append(np.poly(roots)[::-1], 0) for roots in others] + [np.poly(points)[::-1]]
    distances = np.array([np.prod(np.subtract(p, o)) for p, o in zip(points, others, strict=True)])
    taps = np.vander(points, 3, increasing=True) / distances[:, None]
    products = np.vander(points, outputs, increasing=True)
    return WinogradTransform(
        np.array(inputs),
        np.vstack([taps, infinity[-3:]]),
        np.vstack([products, infinity[-outputs:]]).T,
    )


F2 = winograd_transform(0, 1, -1)
# In place of the usual 1, -1, 2, -2: half their error, thrice that of summing the taps one by one.
F4 = winograd_transform(0, 3 / 4, -3 / 4, 3 / 2, -3 / 2)


def weigh(weights: Float[np.ndarray, "n k"], terms: Sequence[Array]) -> list[Array]:
    """The n sums of the k terms."""
    rows = [
        [float(weight) * term for weight, term in zip(row, terms, strict=True) if weight]
        for row in weights
    ]
    return [functools.reduce(jnp.add, row) for row in rows]


def pad_to_tiles(f: WinogradTransform, x: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """A zero before and one after, and as many more as make whole tiles of `f.outputs`."""
    padding = [(0, 0)] * x.ndim
    padding[axis] = (1, 1 + -x.shape[axis] % f.outputs)
    return jnp.pad(x, padding)


def winograd_filter(
    f: WinogradTransform,
    x: Float[Array, "..."],
    kernel: Float[Array, "3 *taps i o"],
    axis: int,
    multiply: Callable[[Array, Array], Array] = jnp.matmul,
) -> Float[Array, "..."]:
    """Padded inputs by three taps along one axis, every product of both by `multiply`."""
    # Else XLA would transform all kernels of a network at its beginning. Where `multiply` filters
    # another axis, its inputs are written into memory by this, which takes no longer.
    x, kernel = compute_once((x, kernel))
    last = x.shape[axis] - f.outputs - 1
    neighbours = [
        lax.slice_in_dim(x, start, start + last, f.outputs, axis) for start in range(f.outputs + 2)
    ]
    inputs, taps = weigh(f.of_inputs, neighbours), weigh(f.of_taps, [*kernel])
    products = [multiply(*factors) for factors in zip(inputs, taps, strict=True)]
    outputs = jnp.stack(weigh(f.of_products, products), axis + 1)
    shape = products[0].shape
    return outputs.reshape(*shape[:axis], shape[axis] * f.outputs, *shape[axis + 1 :])
