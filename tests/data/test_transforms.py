import numpy as np

from sfsign_jax.data.transforms import Preprocessing, crop_flip_normalize


def test_crop_flip_normalize():
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 10, 12, 3), np.uint8)
    corner = np.array([[2, 1], [0, 4]])
    ours = crop_flip_normalize(frames, corner, np.array([False, True]), (8, 8))
    normal = (frames.astype(np.float64) / 255 - 0.45) / 0.225
    np.testing.assert_allclose(ours[0], normal[0, :, 2:10, 1:9], atol=1e-5)
    np.testing.assert_allclose(ours[1], normal[1, :, 0:8, 4:12][:, :, ::-1], atol=1e-5)


def test_centre():
    assert Preprocessing((256, 256), (224, 224)).centre == (16, 16)
