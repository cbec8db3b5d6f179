"""A small model in the released format and two clips, the same numbers on any machine.

fixtures/published_mini.npz holds what the published PyTorch code makes of them in f32 on a CPU:
logits and features of the clips in one batch (every 16th channel) and of each alone, and the loss,
its parts and the gradient's norm of a first training step.
"""

import zlib
from pathlib import Path

import numpy as np
from oracle import oracle_of

from sfsign_jax.models.config import BackboneConfig, ModelConfig

NUMBERS = np.load(Path(__file__).parent / "fixtures" / "published_mini.npz")
SEED = 11
CONFIG = ModelConfig(
    num_classes=21,
    backbone=BackboneConfig((2, 2, 2, 2), (2, 1, 2, 1), width=16, beta_inv=4),
    hidden_size=64,
    feature_dropout=0.0,
    lstm_dropout=0.0,
)
LABELS = [[3, 7, 7, 2], [5, 1]]


def released_tensors() -> dict[str, np.ndarray]:
    """Each tensor drawn from a generator of its own, seeded with its name."""
    state = oracle_of(CONFIG).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    tensors = {name: draw(name, shape, shapes) for name, shape in shapes.items()}
    for path in range(3):  # one classifier a path, under both its names
        tensors[f"conv1d.fc.{path}.weight"] = tensors[f"classifier.{path}.weight"]
    return tensors


def draw(name: str, shape: tuple[int, ...], names) -> np.ndarray:
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    module, leaf = name.rsplit(".", 1)
    in_norm = f"{module}.running_mean" in names
    if leaf == "num_batches_tracked":
        return np.asarray(100)
    if leaf in ("weight_s", "weight_f"):
        values = rng.uniform(0.2, 0.4, shape)
    elif leaf == "running_var":
        values = rng.uniform(0.8, 1.25, shape)
    elif in_norm and leaf == "weight":
        values = rng.uniform(*((0.15, 0.3) if module.endswith("c_bn") else (0.7, 1.1)), shape)
    elif in_norm:
        values = rng.normal(0, 0.05, shape)
    elif ".rnn." in name:
        values = rng.uniform(-1, 1, shape) / np.sqrt(shape[0] / 4)
    elif len(shape) > 2:
        values = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
    else:
        values = rng.normal(0, 0.05 if len(shape) == 2 else 0.02, shape)
    return values.astype(np.float32)


def clip(seed: int, num_frames: int, size: int = 256) -> np.ndarray:
    """Moving waves with a little noise, uint8 (frames, size, size, 3)."""
    rng = np.random.default_rng([seed, num_frames])
    y, x = np.mgrid[:size, :size].astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, (3, 4))
    frequency = rng.uniform(0.01, 0.06, (3, 4, 2))
    speed = rng.uniform(-0.4, 0.4, (3, 4))
    noise = rng.integers(-12, 13, (8, size, size, 3))

    def wave(t: int, channel: int, k: int) -> np.ndarray:
        fy, fx = frequency[channel, k]
        return np.sin(fy * y + fx * x + phase[channel, k] + speed[channel, k] * t)

    def frame(t: int) -> np.ndarray:
        waves = np.stack([sum(wave(t, c, k) for k in range(4)) for c in range(3)], -1)
        return np.clip(128 + 28 * waves + noise[t % 8], 0, 255).astype(np.uint8)

    return np.stack([frame(t) for t in range(num_frames)])


def clips() -> list[np.ndarray]:
    return [clip(1, 31), clip(2, 22)]
