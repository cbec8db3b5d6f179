"""Oracle: XLA's own 3-D convolution, and its gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from sfsign_jax.models.lowering.conv_time import (
    WINOGRAD_MIN_CHANNELS,
    conv_time,
    mask_time,
    stack_time_taps,
    sum_of_shifted_products,
)


def convolve_3d(x, kernel, length, stride):
    return lax.conv_general_dilated(
        mask_time(x, length),
        kernel[:, None, None],
        (stride, 1, 1),
        [(len(kernel) // 2, len(kernel) // 2), (0, 0), (0, 0)],
        dimension_numbers=("NDHWC", "DHWIO", "NDHWC"),
    )


@pytest.mark.parametrize("steps", [1, 4, 7, 13])
@pytest.mark.parametrize(
    ("taps", "channels", "stride"), [(3, 4, 1), (3, WINOGRAD_MIN_CHANNELS, 1), (5, 4, 4), (7, 4, 8)]
)
def test_convolutions_over_time_and_their_gradients_equal_3d_ones(taps, channels, stride, steps):
    rng = np.random.default_rng(steps)
    x = rng.normal(size=(2, steps, 2, 3, channels))
    kernel = rng.normal(size=(taps, channels, 5))
    length = np.array([steps, max(steps - 3, 1)])
    upstream = rng.normal(size=(2, -(-steps // stride), 2, 3, 5))

    @jax.jit
    def ours_and_expected(x, kernel, upstream):
        (ours, pullback), (expected, their_pullback) = (
            jax.vjp(lambda x, kernel, f=f: f(x, kernel, length, stride), x, kernel)
            for f in (conv_time, convolve_3d)
        )
        without_gradient = conv_time(x, kernel, length, stride)
        pairs = zip(pullback(upstream), their_pullback(upstream), strict=True)
        return [(ours, expected), (without_gradient, expected), *pairs]

    with jax.enable_x64(True):
        for one, other in ours_and_expected(x, kernel, upstream):
            assert one.dtype == np.float64
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-11)


def test_fewer_products_over_time_err_little_more_than_one_a_tap():
    """In f32, beside f64: thrice as much on any CPU, with the usual points six times."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 16, 2, 2, WINOGRAD_MIN_CHANNELS)).astype(np.float32)
    kernel = (
        rng.normal(size=(3, WINOGRAD_MIN_CHANNELS, 8)) / np.sqrt(3 * WINOGRAD_MIN_CHANNELS)
    ).astype(np.float32)
    length = jnp.array([16])
    with jax.enable_x64(True):
        exact = convolve_3d(x.astype(np.float64), kernel.astype(np.float64), length, 1)

    def error(outputs):
        return np.sqrt(np.mean(np.square(np.asarray(outputs) - np.asarray(exact))))

    one_a_tap = error(jax.jit(sum_of_shifted_products)(x, kernel, length))
    assert error(conv_time(x, kernel, length, 1)) < 4 * one_a_tap


def test_any_number_of_steps_in_one_program():
    """As an exported recogniser needs it."""
    rng = np.random.default_rng(0)
    kernel = jnp.array(rng.normal(size=(3, WINOGRAD_MIN_CHANNELS, 4)), jnp.float32)
    (blocks,) = jax.export.symbolic_shape("blocks", constraints=["blocks >= 1"])
    call = functools.partial(conv_time, kernel=kernel, length=jnp.array([9]), stride=1)
    clip = jax.ShapeDtypeStruct((1, 16 * blocks + 3, 2, 2, WINOGRAD_MIN_CHANNELS), jnp.float32)
    program = jax.export.export(jax.jit(lambda x: call(x)))(clip)
    for size in (1, 2):
        x = jnp.array(rng.normal(size=(1, 16 * size + 3, 2, 2, WINOGRAD_MIN_CHANNELS)), jnp.float32)
        np.testing.assert_allclose(program.call(x), call(x), atol=1e-4)


def test_stack_time_taps_puts_neighbours_side_by_side():
    x = jnp.arange(1.0, 6.0).reshape(1, 5, 1)
    taps = stack_time_taps(x, 3, stride=2, padding=1)
    np.testing.assert_array_equal(taps[0], [[0, 1, 2], [2, 3, 4], [4, 5, 0]])


def test_mask_time_zeroes_past_each_length():
    masked = mask_time(jnp.ones((2, 3, 1, 2)), jnp.array([1, 3]))
    np.testing.assert_array_equal(masked.sum((2, 3)), [[2, 0, 0], [2, 2, 2]])
