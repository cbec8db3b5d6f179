"""Runs an exported recogniser; needs jax and numpy only. In an exported FILE, beside its program.

python FILE frames.npy                      prints the glosses and their frames
sys.path.append("FILE"); import loader      from Python; then loader.load("FILE")(frames)
"""

import io
import json
import sys
import zipfile

import jax
import numpy as np


def load(path):
    """A function from frames, uint8 (n, height, width, 3), to glosses, spans, scores and logits."""
    sys.path.append(path)  # jax.export reads its files with flatbuffers, which is in there
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("about.json"))
        program = jax.export.deserialize(bytearray(archive.read("program.bin")))
        arrays = np.load(io.BytesIO(archive.read("weights.npz")))
    call = jax.jit(program.call)
    weights = jax.device_put([arrays[name] for name in arrays.files])

    def recognize(frames):
        expected = (len(frames) or 1, *about["frame_size"], 3)
        if frames.shape != expected or frames.dtype != np.uint8:
            raise ValueError(f"frames are {frames.dtype} {frames.shape}, not uint8 {expected}")
        rest = -len(frames) % about["bucket"]  # every padded length is compiled once
        padded = np.pad(frames, [(0, rest), (0, 0), (0, 0), (0, 0)])
        result = jax.device_get(call(weights, padded, np.int32(len(frames))))
        tokens, spans = (result[name][: result["lengths"][0]] for name in ("best", "spans"))
        return result | {"glosses": [about["vocabulary"][i - 1] for i in tokens], "spans": spans}

    return recognize


def main():
    result = load(sys.path[0])(np.load(sys.argv[1]))
    for gloss, (first, last) in zip(result["glosses"], result["spans"], strict=True):
        print(f"frames {first:4d} - {last:4d}  {gloss}")
