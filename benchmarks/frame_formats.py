"""What storing frames costs: bytes a clip and time to decode, as PNG and as JPEG.

python benchmarks/frame_formats.py [DATASET] [--prepared_dir DIR]
"""

import argparse
import time

import numpy as np

from sfsign_jax.data.catalog import PREPARED_DIR, open_dataset
from sfsign_jax.data.frames import decode_frame
from tfds_builders.encoding import encode_frame

FRAMES = 141  # of a clip of PHOENIX2014, on average
FORMATS = {"PNG": None, "JPEG 95": 95, "JPEG 90": 90}
REPETITIONS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description="Bytes and decoding time of stored frames.")
    parser.add_argument("dataset", nargs="?", default="synthetic_signs/full")
    parser.add_argument("--prepared_dir", default=PREPARED_DIR)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.dataset, arguments.prepared_dir)
    records = dataset.splits["train"]
    clips = [records[i]["frames"] for i in range(min(10, len(records)))]
    frames = np.stack([decode_frame(image, "a frame") for clip in clips for image in clip])
    print(
        f"| {arguments.dataset}, {len(frames)} frames | MB a clip of {FRAMES} | ms a clip | PSNR |"
    )
    print("|---|---|---|---|")
    for name, quality in FORMATS.items():
        images = [encode_frame(frame, quality) for frame in frames]
        seconds, decoded = decoding(images)
        megabytes = sum(map(len, images)) / len(images) * FRAMES / 1e6
        milliseconds = seconds / len(images) * FRAMES * 1e3
        print(f"| {name} | {megabytes:.2f} | {milliseconds:.0f} | {psnr(frames, decoded)} |")


def decoding(images: list[bytes]) -> tuple[float, np.ndarray]:
    """Median seconds, and the frames."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        decoded = np.stack([decode_frame(image, "a frame") for image in images])
        times.append(time.perf_counter() - start)
    return float(np.median(times)), decoded


def psnr(frames: np.ndarray, decoded: np.ndarray) -> str:
    error = float(np.mean((frames.astype(np.float32) - decoded) ** 2))
    return f"{10 * np.log10(255**2 / error):.1f} dB" if error else "exact"


if __name__ == "__main__":
    main()
