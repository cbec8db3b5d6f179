"""Peak memory and speed of a training step, by batch size and by what saves memory.

python benchmarks/training_memory.py [--frames 32] [--crop_size 96] [--batch_sizes 2,4,8]

The published network. Memory is what the compiled step needs beside its arguments, of which
parameters and moments are 1.6 GB.
"""

import argparse
import statistics
import time

import jax
import numpy as np

from sfsign_jax.models.config import ModelConfig
from sfsign_jax.training import Recipe, create_train_state, train_step

ALL_STAGES = ("s2", "s3", "s4", "s5")
VARIANTS = {
    "float32": {},
    "bfloat16": {"compute_dtype": "bfloat16"},
    "float32, remat of s2 to s5": {"remat": ALL_STAGES},
}
STEPS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--crop_size", type=int, default=96)
    parser.add_argument("--batch_sizes", default="2,4,8")
    arguments = parser.parse_args()
    print(f"{jax.device_count()} × {jax.devices()[0].device_kind}, JAX {jax.__version__}")
    print("| | batch | memory | clips/s |\n|---|---|---|---|")
    sizes = [int(size) for size in arguments.batch_sizes.split(",")]
    for size in sizes:
        for name, options in VARIANTS.items():
            measure(name, size, arguments, **options)
    parts = sizes[-1] // sizes[0]
    measure(f"float32 in {parts} parts", sizes[-1], arguments, accumulation=parts)


def measure(name: str, clips: int, arguments: argparse.Namespace, **options) -> None:
    crop = (arguments.crop_size, arguments.crop_size)
    recipe = Recipe(steps_per_epoch=1, crop_size=crop, **options)
    config = ModelConfig(num_classes=1296)
    rng = np.random.default_rng(0)
    batch = {
        "frames": rng.integers(0, 256, (clips, arguments.frames, *crop, 3), np.uint8),
        "corner": np.zeros((clips, 2), np.int32),
        "flip": np.zeros(clips, bool),
        "num_frames": np.full(clips, arguments.frames, np.int32),
        "labels": rng.integers(1, 1296, (clips, 4), np.int32),
        "num_labels": np.full(clips, 4, np.int32),
    }
    state = create_train_state(config, recipe)
    step = train_step.program().lower(state, batch, config=config, recipe=recipe).compile()
    seconds = []
    for _ in range(1 + STEPS):
        start = time.perf_counter()
        state, metrics = step(state, batch)
        jax.block_until_ready(metrics)
        seconds.append(time.perf_counter() - start)
    memory = step.memory_analysis().temp_size_in_bytes / 1e9
    rate = clips / statistics.median(seconds[1:])
    print(f"| {name} | {clips} | {memory:.2f} GB | {rate:.2f} |", flush=True)


if __name__ == "__main__":
    main()
