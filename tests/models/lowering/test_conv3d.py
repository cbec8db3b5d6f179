"""Oracle: XLA's own 3-D convolution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from sfsign_jax.models.lowering import conv2d as image_convolution
from sfsign_jax.models.lowering.conv2d import WINOGRAD_MIN_CHANNELS, conv2d
from sfsign_jax.models.lowering.conv3d import conv3d
from sfsign_jax.models.lowering.conv_time import mask_time
from sfsign_jax.models.lowering.max_pool import max_pool


@pytest.mark.parametrize(
    ("kernel", "time_stride", "space_stride"),
    [
        ((1, 1, 1), 1, 1),
        ((1, 1, 1), 1, 2),
        ((3, 1, 1), 1, 1),
        ((5, 1, 1), 4, 1),
        ((1, 3, 3), 1, 1),
        ((1, 3, 3), 1, 2),
        ((1, 7, 7), 1, 2),
        ((5, 7, 7), 1, 2),
    ],
)
def test_convolve_equals_3d_convolution(kernel, time_stride, space_stride):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 13, 10, 8, 3)).astype(np.float32)
    weights = rng.normal(size=(*kernel, 3, 4)).astype(np.float32)
    length = np.array([13, 11])

    @jax.jit
    def ours_and_expected(x, weights):
        expected = lax.conv_general_dilated(
            mask_time(x, length) if kernel[0] > 1 else x,
            weights,
            window_strides=(time_stride, space_stride, space_stride),
            padding=[(k // 2, k // 2) for k in kernel],
            dimension_numbers=("NDHWC", "DHWIO", "NDHWC"),
        )
        return conv3d(x, weights, length, time_stride, space_stride), expected

    np.testing.assert_allclose(*ours_and_expected(x, weights), atol=2e-4)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(14, 13), (8, 9)])
@pytest.mark.parametrize("taps", [1, 3, 7])
def test_gradients_of_image_convolutions_equal_jaxs(taps, size, stride):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, *size, 4))
    kernel = rng.normal(size=(taps, taps, 4, 5))
    upstream = rng.normal(size=(3, *(-(-side // stride) for side in size), 5))

    @jax.jit
    def ours_and_expected(x, kernel, upstream):
        _, pullback = jax.vjp(lambda *inputs: conv2d(*inputs, stride), x, kernel)
        expected = image_convolution.jax_gradients(stride, x, kernel, upstream)
        return [*zip(pullback(upstream), expected, strict=True)]

    with jax.enable_x64(True):
        for gradient, value in ours_and_expected(x, kernel, upstream):
            assert gradient.dtype == np.float64
            np.testing.assert_allclose(gradient, value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(8, 8), (11, 8), (8, 9), (9, 11), (14, 14)])
def test_wide_convolutions_by_fewer_products(size):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *size, WINOGRAD_MIN_CHANNELS)).astype(np.float32)
    kernel = (rng.normal(size=(3, 3, WINOGRAD_MIN_CHANNELS, 4)) / 24).astype(np.float32)
    both = (conv2d, image_convolution.xla_convolution)
    ours, expected = jax.jit(lambda *inputs: [f(*inputs, 1) for f in both])(x, kernel)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5)


def test_max_pool_ignores_the_padding():
    x = -jnp.ones((1, 2, 4, 4, 1))
    np.testing.assert_array_equal(max_pool(x), -np.ones((1, 2, 2, 2, 1)))


def test_max_pool_and_its_gradient_equal_xlas():
    x = jax.random.normal(jax.random.key(0), (2, 3, 9, 8, 4))

    def xla(x):
        window, strides = (1, 1, 3, 3, 1), (1, 1, 2, 2, 1)
        padding = ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0))
        return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, padding)

    np.testing.assert_array_equal(max_pool(x), xla(x))
    weights = jax.random.normal(jax.random.key(1), xla(x).shape)
    ours, expected = (jax.grad(lambda x, f=f: (f(x) * weights).sum())(x) for f in (max_pool, xla))
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_any_number_of_images_in_one_program():
    """As an exported recogniser needs it, of wide kernels too."""
    rng = np.random.default_rng(0)
    kernel = jnp.array(rng.normal(size=(3, 3, WINOGRAD_MIN_CHANNELS, 4)), jnp.float32)
    (number,) = jax.export.symbolic_shape("number")
    images = jax.ShapeDtypeStruct((number, 9, 8, WINOGRAD_MIN_CHANNELS), jnp.float32)
    program = jax.export.export(jax.jit(lambda x: conv2d(x, kernel, 1)))(images)
    for size in (1, 5):
        x = jnp.array(rng.normal(size=(size, 9, 8, WINOGRAD_MIN_CHANNELS)), jnp.float32)
        np.testing.assert_allclose(program.call(x), conv2d(x, kernel, 1), atol=1e-4)
