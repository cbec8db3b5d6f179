"""How fast training batches are loaded, beside two limits taken in the same run.

python benchmarks/input_pipeline.py [DATASET] [--prepared_dir DIR]

The bare limit decodes images that lie in memory, on all cores, and does nothing else. The plain
loader does what the published one does: every frame read from a file with OpenCV, all transforms in
floating point on the host; in threads, which served it better than processes where this was tried.
"""

import argparse
import concurrent.futures
import dataclasses
import functools
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import psutil
from ml_collections import FrozenConfigDict

from sfsign_jax.configuration import published_config
from sfsign_jax.data.augmentation import clip_rng, kept_frames
from sfsign_jax.data.batching import padding_overhead
from sfsign_jax.data.catalog import PREPARED_DIR, Dataset, open_dataset
from sfsign_jax.data.frame_clips import TrainingFrames
from sfsign_jax.data.pipeline import closing, load_ahead
from sfsign_jax.data.training_batches import epoch_plan, training_batches
from sfsign_jax.runtime.mesh import clip_mesh
from sfsign_jax.training.from_config import augmentation, batching

CORES = os.cpu_count() or 1
ROUNDS = 3
BATCHES = 100  # a round
WARM_UP = 10  # batches before the clock starts


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the input pipeline.")
    parser.add_argument("dataset", nargs="?", default="synthetic_signs/full")
    parser.add_argument("--prepared_dir", default=PREPARED_DIR)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.dataset, arguments.prepared_dir)
    config = published_config()
    describe_padding(dataset, FrozenConfigDict(config))
    with tempfile.TemporaryDirectory() as folder:
        clips = write_frames(dataset, Path(folder))
        loaders: dict[str, Callable[[], tuple[float, float]]] = {
            "bare decoding": functools.partial(bare_decoding, dataset),
            "plain loader": functools.partial(plain_loading, clips),
            "ours, threads": functools.partial(our_loading, dataset, config, 0),
            "ours, processes": functools.partial(our_loading, dataset, config, CORES),
        }
        rates = {name: [] for name in loaders}
        for _ in range(ROUNDS):
            for name, load in loaders.items():
                rates[name].append(load())
    medians = {name: np.median(np.array(values), axis=0) for name, values in rates.items()}
    bare, plain = medians["bare decoding"], medians["plain loader"]
    print("| | clips/s | of bare decoding | of the plain loader | frames decoded/s | of bare |")
    print("|---|---|---|---|---|---|")
    for name, (clips_a_second, decoded) in medians.items():
        print(
            f"| {name} | {clips_a_second:.1f} | {clips_a_second / bare[0]:.0%} "
            f"| {clips_a_second / plain[0]:.1f} | {decoded:.0f} | {decoded / bare[1]:.0%} |"
        )
    for workers in (0, CORES):
        print(f"memory of the loader, {workers} workers: {memory(dataset, config, workers):.0f} MB")


def describe_padding(dataset: Dataset, config: FrozenConfigDict) -> None:
    num_frames = dataset.num_frames["train"]
    clips = training_frames(dataset, config)
    plan = epoch_plan(clips, batching(config, config.training.batch_size), 0)
    lengths = clips.lengths(0)
    print(
        f"{len(num_frames)} clips of {np.mean(num_frames):.0f} frames: "
        f"{len({batch.bucket for batch in plan})} shapes, "
        f"{padding_overhead(plan, lengths):.1%} of the frames are padding"
    )


def training_frames(dataset: Dataset, config) -> TrainingFrames:
    return TrainingFrames(dataset, augmentation(config), config.data.max_labels, config.seed)


def batches_of(dataset: Dataset, config, workers: int) -> Iterator:
    own = dataclasses.replace(batching(config, config.training.batch_size), workers=workers)
    return training_batches(training_frames(dataset, config), own, 0, BATCHES, clip_mesh(1))


def bare_decoding(dataset: Dataset) -> tuple[float, float]:
    """Clips and frames a second."""
    records = [dataset.splits["train"][i] for i in range(min(40, len(dataset.splits["train"])))]
    images = [np.frombuffer(image, np.uint8) for record in records for image in record["frames"]]

    def decode(part: Sequence[np.ndarray]) -> None:
        for image in part:
            cv2.imdecode(image, cv2.IMREAD_COLOR_RGB)

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        list(pool.map(decode, [images[i::CORES] for i in range(CORES)]))
    seconds = time.perf_counter() - start
    return len(records) / seconds, len(images) / seconds


def our_loading(dataset: Dataset, config, workers: int) -> tuple[float, float]:
    """Clips and decoded frames a second; a frame that a clip has twice is decoded once."""
    rate = timed(batches_of(dataset, config, workers)) * config.training.batch_size
    clips = training_frames(dataset, config)
    decoded = [
        len(set(kept_frames(n, clips.augmentation, clip_rng(clips.seed, 0, i)).tolist()))
        for i, n in enumerate(dataset.num_frames["train"])
    ]
    return rate, rate * float(np.mean(decoded))


def timed(batches: Iterator) -> float:
    """Batches a second."""
    for _ in range(WARM_UP):
        next(batches)
    start = time.perf_counter()
    for _ in batches:
        pass
    return (BATCHES - WARM_UP) / (time.perf_counter() - start)


def write_frames(dataset: Dataset, folder: Path) -> list[list[str]]:
    """The frames of every training clip as files."""
    clips = []
    for i, record in enumerate(dataset.splits["train"]):
        files = [folder / f"{i:05d}_{t:04d}.jpg" for t in range(len(record["frames"]))]
        for file, image in zip(files, record["frames"], strict=True):
            file.write_bytes(image)
        clips.append([str(file) for file in files])
    return clips


def plain_loading(clips: list[list[str]]) -> tuple[float, float]:
    """Clips and decoded frames a second."""
    pairs = [random.Random(i).sample(range(len(clips)), 2) for i in range(BATCHES)]
    batches = load_ahead(functools.partial(plain_batch, clips), pairs, workers=0)
    rate = 2 * timed(closing(batches))
    return rate, rate * float(np.mean([len(clip) for clip in clips]))


def plain_batch(clips: list[list[str]], pair: Iterable[int]) -> np.ndarray:
    """Read, crop, flip, rescale, to floats, normalise, pad: one after the other, on the host."""
    rng = np.random.default_rng()
    videos = []
    for i in pair:
        frames = [cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB) for file in clips[i]]
        top, left = rng.integers(33, size=2)
        frames = [frame[top : top + 224, left : left + 224] for frame in frames]
        if rng.random() < 0.5:
            frames = [frame[:, ::-1] for frame in frames]
        length = min(max(int(len(frames) * rng.uniform(0.8, 1.2)), 32), 230)
        length = 4 * math.ceil(length / 4)
        kept = np.sort(rng.choice(len(frames), length, replace=length > len(frames)))
        video = np.stack([frames[t] for t in kept]).astype(np.float32)
        videos.append((video / 255 - 0.45) / 0.225)
    longest = max(map(len, videos))
    padded = [
        np.concatenate([video[:1]] * 6 + [video] + [video[-1:]] * (longest + 6 - len(video)))
        for video in videos
    ]
    return np.stack(padded).transpose(0, 1, 4, 2, 3)


def memory(dataset: Dataset, config, workers: int) -> float:
    """Megabytes that loading adds at its peak, all processes together."""
    before = resident()
    peak = 0.0
    for _ in batches_of(dataset, config, workers):
        peak = max(peak, resident())
    return peak - before


def resident() -> float:
    """Megabytes of this process and its children, shared pages counted once."""
    process = psutil.Process()
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_full_info().pss for member in family) / 1e6


if __name__ == "__main__":
    main()
