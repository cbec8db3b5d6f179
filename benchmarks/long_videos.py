"""Speed and memory of videos of any length, beside one big forward pass.

python benchmarks/long_videos.py [--minutes 1,10]

The published network, random weights; frames are random pixels that come one at a time. Every size
in a process of its own, once, with its programs compiled.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from measure import forget_peak, peak_memory

RATE = 25  # frames a second
WHOLE = 308  # frames of the one pass; the network sees 12 more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", default="1,10")
    arguments = parser.parse_args()
    print("| | frames/s | memory |\n|---|---|---|", flush=True)
    report(f"{WHOLE} frames at once", one_pass, WHOLE)
    for minutes in map(float, arguments.minutes.split(",")):
        report(f"video of {minutes:g} minutes", whole_video, round(minutes * 60 * RATE))


def report(name: str, work: Callable, frames: int) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, memory = pool.apply(measured, (work, frames))
    print(f"| {name} | {frames / seconds:.1f} | {memory:.2f} GB |", flush=True)


def measured(work: Callable, frames: int) -> tuple[float, float]:
    from sfsign_jax.runtime.memory import keep_freed_memory

    keep_freed_memory()  # as the command lines do
    run = work()
    run(WHOLE + 100)
    forget_peak()
    start = time.perf_counter()
    run(frames)
    return time.perf_counter() - start, peak_memory()


def network() -> Any:
    from flax import nnx

    from sfsign_jax.data.transforms import Preprocessing
    from sfsign_jax.models.config import ModelConfig
    from sfsign_jax.models.sign_model import for_inference, new_model
    from sfsign_jax.recognition.network import Network

    model = for_inference(new_model(ModelConfig(1296)))
    return Network(nnx.state(model), model.config, Preprocessing())


def one_pass() -> Callable[[int], object]:
    import jax

    from sfsign_jax.recognition.network import clip_logits

    published = network()
    clip = np.stack([*pixels(WHOLE)])[None]
    lengths = np.array([WHOLE], np.int32)
    return lambda _: jax.block_until_ready(clip_logits(published, clip, lengths))


def whole_video() -> Callable[[int], object]:
    from sfsign_jax.recognition.video import video_steps

    published = network()
    return lambda frames: sum(len(part.blank) for part in video_steps(published, pixels(frames)))


def pixels(number: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    some = rng.integers(0, 256, (16, 256, 256, 3), np.uint8)
    return (some[i % len(some)] for i in range(number))


if __name__ == "__main__":
    main()
