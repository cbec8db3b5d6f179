"""Oracle: SciPy's interpolation, and what a draw has in common."""

import jax
import numpy as np
from scipy.ndimage import affine_transform

from sfsign_jax.data.jitter import jitter, resize_matrix

FRAMES = np.random.default_rng(0).normal(size=(2, 3, 8, 6, 3)).astype(np.float32)
AS_THEY_ARE = np.zeros(2, bool)


def test_zoom_is_bilinear_about_the_middle():
    key, share = jax.random.key(1), 0.3
    ours = np.asarray(jitter(FRAMES, key, 0.0, share, AS_THEY_ARE))
    factors = jax.random.uniform(
        jax.random.split(key, 3)[2], (2, 2), minval=1 - share, maxval=1 + share
    )
    assert np.ptp(factors) > 0.05
    for clip, (height, width) in enumerate(np.asarray(factors, np.float64).T):
        scale = np.array([1 / height, 1 / width])
        middle = (np.array([8, 6]) - 1) / 2
        for frame, channel in np.ndindex(3, 3):
            expected = affine_transform(
                FRAMES[clip, frame, :, :, channel],
                scale,
                offset=middle - scale * middle,
                order=1,
                mode="nearest",
            )
            np.testing.assert_allclose(ours[clip, frame, :, :, channel], expected, atol=1e-5)


def test_a_factor_of_one_changes_nothing():
    np.testing.assert_array_equal(resize_matrix(7, np.float32(1)), np.eye(7))


def test_colours_are_mixed_alike_in_all_pixels_of_a_clip():
    mixed = np.asarray(jitter(FRAMES, jax.random.key(2), 0.3, 0.0, AS_THEY_ARE), np.float64)
    recovered = []
    for before, after in zip(FRAMES.reshape(2, -1, 3), mixed.reshape(2, -1, 3), strict=True):
        homogeneous = np.concatenate([before, np.ones((len(before), 1))], axis=1)
        affine, residual, *_ = np.linalg.lstsq(homogeneous, after, rcond=None)
        assert residual.max() < 1e-6
        recovered.append(affine)
    assert np.abs(recovered[0] - recovered[1]).max() > 0.05  # each clip has its own


def test_light_and_dark_change_places_before_colours_are_mixed():
    options = (FRAMES, jax.random.key(2), 0.0, 0.2)
    plain, inverted = jitter(*options, AS_THEY_ARE), jitter(*options, np.array([False, True]))
    np.testing.assert_array_equal(inverted, plain * np.array([1, -1]).reshape(2, 1, 1, 1, 1))


def test_the_strength_is_the_deviation_from_the_true_colours():
    many = np.zeros((4000, 1, 1, 1, 3), np.float32)
    many[..., 0] = 1
    mixed = np.asarray(jitter(many, jax.random.key(3), 0.1, 0.0, np.zeros(4000, bool)))[:, 0, 0, 0]
    np.testing.assert_allclose(mixed.mean(0), [1, 0, 0], atol=0.01)
    # Of the mix and of the shift.
    np.testing.assert_allclose(mixed.std(0), 0.1 * np.sqrt(2), rtol=0.05)
