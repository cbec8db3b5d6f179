"""Damaged videos and images, read as recognise and prepare read them.

python benchmarks/fuzz_frames.py [--inputs 200] [--seed 0] [--kinds mp4,png]

Each input is one sentence, or frames: no traceback, no crash, nothing that takes more than 20
seconds or 1 GB. The same seed makes the same inputs; one that fails is kept, and its name printed.
"""

import argparse
import collections
import io
import json
import random
import select
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import av
import numpy as np
from fuzzing import MEGABYTES, SECONDS, megabytes
from PIL import Image

from sfsign_jax.data.frames import as_stored
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.data.videos import open_video
from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource
from tfds_builders.encoding import FrameFormat, encode_clip

MOST_FRAMES = 20_000  # of one input, as a page's limit of minutes has it
VIDEOS = {
    "mp4": "libx264",
    "mov": "libx265",
    "mkv": "ffv1",
    "webm": "libvpx-vp9",
    "ts": "mpeg2video",
    "avi": "mpeg4",
    "flv": "flv",
    "mpg": "mpeg1video",
    "gif": "gif",
}
IMAGES = ("png", "jpg", "bmp", "webp", "tif")


def whole_video(path: Path, codec: str) -> bytes:
    frames = np.zeros((12, 48, 64, 3), np.uint8)
    frames[..., 0] = np.linspace(0, 255, 64)
    frames[..., 1] = 20 * np.arange(12)[:, None, None]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def whole_image(suffix: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix))
    return data.getvalue()


def damaged(data: bytes, random: random.Random) -> bytes:
    """A few bytes are others, most often near the beginning; rarely a part is missing or twice."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16, 64))):
        place = random.choice((64, 512, len(data)))
        at = random.randrange(min(place, len(data)))
        changed[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    if random.random() < 0.1:
        start, end = sorted(random.randrange(len(data)) for _ in range(2))
        changed[start:end] = random.choice((b"", 2 * changed[start:end], bytes(end - start)))
    return bytes(changed)


def read(path: Path) -> str:
    """What became of an input, as a word."""
    try:
        if path.is_dir():
            clip = ClipSource("clip", "signer", "GLOSS", path, "table, line 2")
            with tempfile.TemporaryDirectory() as folder:
                prepared = encode_clip(clip, FrameFormat((64, 64)), Path(folder))
        frames = as_stored(open_video(path).frames, Preprocessing((64, 64), (64, 64)))
        for number, _ in enumerate(frames):
            if number > MOST_FRAMES:
                return "long"
        return "refused when prepared" if path.is_dir() and prepared.problem else "read"
    except UserError:
        return "refused"
    except Exception:  # noqa: BLE001 — what this looks for
        return traceback.format_exc()


def work() -> None:
    """Answers each path on stdin with a line."""
    for line in sys.stdin:
        before = megabytes()
        outcome = read(Path(line.rstrip("\n")))
        print(json.dumps([outcome, megabytes() - before]), flush=True)


class Worker:
    """A process of its own, which a bad input may end."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def outcome(self, path: Path) -> str:
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            self.process.kill()
            return "hang"
        line = self.process.stdout.readline()
        if not line:
            return f"crash ({self.process.wait()})"
        outcome, growth = json.loads(line)
        return outcome if growth < MEGABYTES else f"memory ({growth:.0f} MB)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=200, help="of each kind; default: 200")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join((*VIDEOS, *IMAGES)))
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        return work()
    folder = Path(tempfile.mkdtemp(prefix="fuzz_frames-"))
    worker = Worker()
    for kind in arguments.kinds.split(","):
        path = folder / f"whole.{kind}"
        data = whole_video(path, VIDEOS[kind]) if kind in VIDEOS else whole_image(kind)
        counts: collections.Counter[str] = collections.Counter()
        for number in range(arguments.inputs):
            chance = random.Random(f"{arguments.seed} {kind} {number}")
            path = folder / f"{kind}-{number}"
            file = path.with_suffix(f".{kind}") if kind in VIDEOS else path / f"frame.{kind}"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(damaged(data, chance))
            outcome = worker.outcome(file if kind in VIDEOS else path)
            if outcome in ("read", "refused", "refused when prepared", "long"):
                file.unlink()
            else:
                print(f"{file}: {outcome}", flush=True)
                outcome = outcome.partition("(")[0].strip().splitlines()[-1][:80]
                worker.process.kill()
                worker = Worker()
            counts[outcome] += 1
        print(kind, dict(counts), flush=True)
    worker.process.kill()
    return None


if __name__ == "__main__":
    main()
