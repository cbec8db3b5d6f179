"""Oracle: NumPy's convolution."""

import jax
import numpy as np
import pytest

from sfsign_jax.models.lowering.winograd import (
    F2,
    F4,
    pad_to_tiles,
    winograd_filter,
    winograd_transform,
)


@pytest.mark.parametrize("points", [(0, 1, -1), (0, 1, -1, 2), (0, 0.75, -0.75, 1.5, -1.5)])
def test_filtering_multiplies_polynomials(points):
    f = winograd_transform(*points)
    rng = np.random.default_rng(0)
    inputs, taps = rng.normal(size=len(points) + 1), rng.normal(size=3)
    products = (f.of_inputs @ inputs) * (f.of_taps @ taps)
    expected = np.correlate(inputs, taps, mode="valid")
    assert f.outputs == len(points) - 1 == len(expected)
    np.testing.assert_allclose(f.of_products @ products, expected, atol=1e-12)


@pytest.mark.parametrize("f", [F2, F4])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("axis", [0, 1])
def test_three_taps_along_an_axis(f, size, axis):
    rng = np.random.default_rng(size)
    x = np.moveaxis(rng.normal(size=(size, 2, 5)), 0, axis)
    kernel = rng.normal(size=(3, 5, 4))
    with jax.enable_x64(True):
        ours = jax.jit(
            lambda x, kernel: winograd_filter(f, pad_to_tiles(f, x, axis), kernel, axis)
        )(x, kernel)
    rows = np.moveaxis(x, axis, 0)
    expected = np.zeros((size, 2, 4))
    for row in range(size):
        for tap in range(3):
            if 0 <= row + tap - 1 < size:
                expected[row] += rows[row + tap - 1] @ kernel[tap]
    np.testing.assert_allclose(np.moveaxis(ours, axis, 0)[:size], expected, atol=1e-12)
