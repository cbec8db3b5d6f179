"""Initial values of the parameters, drawn with NumPy: XLA compiles for a minute to draw them."""

import math

import numpy as np

# None where only shapes matter: nothing is drawn then, and nothing takes memory.
Rng = np.random.Generator | None


def kaiming_normal(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
    """Fan-out, for a kernel (…, in, out) before a ReLU."""
    fan_out = math.prod(shape[:-2]) * shape[-1]
    if rng is None:
        return shape_only(shape)
    return rng.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / fan_out))


def uniform(rng: Rng, shape: tuple[int, ...], bound: float) -> np.ndarray:
    """U(-bound, bound)."""
    if rng is None:
        return shape_only(shape)
    return (2 * rng.random(shape, np.float32) - 1) * np.float32(bound)


def torch_uniform(rng: Rng, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """PyTorch's default for linear, convolution and LSTM parameters: U(-1, 1) / sqrt(fan_in)."""
    return uniform(rng, shape, 1 / math.sqrt(fan_in))


def xavier_uniform(rng: Rng, shape: tuple[int, int], gain: float) -> np.ndarray:
    return uniform(rng, shape, gain * math.sqrt(6 / sum(shape)))


def constant(size: int, value: float) -> np.ndarray:
    """One number seen `size` times: it takes no memory where only shapes matter."""
    return np.broadcast_to(np.float32(value), (size,))


def shape_only(shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(np.float32(0), shape)
