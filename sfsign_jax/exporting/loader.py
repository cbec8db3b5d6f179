"""Runs an exported recogniser; needs jax and numpy only. In an exported FILE, beside its program.

FILE is a program: run and load it only if you trust who made it.

python FILE frames.npy                      prints the glosses and their frames
sys.path.append("FILE"); import loader      from Python; then loader.load("FILE")(frames)
"""

import contextlib
import io
import json
import pathlib
import sys
import zipfile

import jax
import numpy as np

DAMAGE = (OSError, ValueError, KeyError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile)


def load(path):
    """A function from frames, uint8 (n, height, width, 3), to glosses, spans, scores and logits.

    Raises:
        ValueError: the file is damaged, or something else; from the function: wrong frames.
    """
    try:
        with (
            open_unpacked(path, pathlib.Path(path).stat().st_size) as archive,
            importable(str(path)),
        ):
            about = json.loads(archive.read("about.json"))
            program = jax.export.deserialize(bytearray(archive.read("program.bin")))
            weights = archive.read("weights.npz")
        open_unpacked(io.BytesIO(weights), len(weights)).close()
        with np.load(io.BytesIO(weights)) as arrays:
            weights = jax.device_put([arrays[name] for name in arrays.files])
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged, or no exported recogniser: {error}") from error
    call = jax.jit(program.call)

    def recognize(frames):
        frames = np.asarray(frames)
        expected = ((*frames.shape, 1)[0] or 1, *about["frame_size"], 3)
        if frames.shape != expected or frames.dtype != np.uint8:
            raise ValueError(f"frames are {frames.dtype} {frames.shape}, not uint8 {expected}")
        rest = -len(frames) % about["bucket"]  # every padded length is compiled once
        padded = np.pad(frames, [(0, rest), (0, 0), (0, 0), (0, 0)])
        result = jax.device_get(call(weights, padded, np.int32(len(frames))))
        tokens, spans = (result[name][: result["lengths"][0]] for name in ("best", "spans"))
        return result | {"glosses": [about["vocabulary"][i - 1] for i in tokens], "spans": spans}

    return recognize


def open_unpacked(file, size):
    """A zip file of `size` bytes that unpacks to no more, as `export` and np.savez write them."""
    archive = zipfile.ZipFile(file)
    entries = archive.infolist()
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > size:
        raise ValueError("it unpacks to more than it is")
    return archive


@contextlib.contextmanager
def importable(path):
    """For what jax.export reads its files with, flatbuffers, which is in there."""
    sys.path.append(path)
    try:
        yield
    finally:
        del sys.path[len(sys.path) - 1 - sys.path[::-1].index(path)]


def read_frames(path):
    """The array in a .npy file, which is not believed to be larger than the file."""
    try:
        frames = np.load(path, mmap_mode="r")
    except Exception as error:  # a damaged header can raise nearly anything
        raise ValueError(f"{path} is no .npy file of frames: {error}") from error
    if not isinstance(frames, np.ndarray):
        raise ValueError(f"{path} holds several arrays: give a .npy file of frames")
    return frames


def main():
    if len(sys.argv) != 2:
        print(f"usage: python {sys.argv[0]} frames.npy", file=sys.stderr)
        sys.exit(2)
    try:
        result = load(sys.path[0])(read_frames(sys.argv[1]))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for gloss, (first, last) in zip(result["glosses"], result["spans"], strict=True):
        print(f"frames {first:4d} - {last:4d}  {gloss}")
