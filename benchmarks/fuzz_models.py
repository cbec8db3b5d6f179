"""Damaged and hostile models, weights and vocabularies: each is read, or refused in one sentence.

python benchmarks/fuzz_models.py [--inputs 50] [--seed 0] [KIND ...]

Prints for every kind how many were read and refused, the longest time and the memory beyond the
start, and ends with status 1 where one came out as a traceback, took more than 20 seconds or a
gigabyte, or gave other numbers than were saved where checksums must tell.
"""

import argparse
import contextlib
import copy
import io
import json
import pickle
import random
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from flax import nnx
from fuzzing import Kind, RefusedError, fuzz

from sfsign_jax.checkpoint import CHECKSUMS, ModelDescription, load_checkpoint, save_checkpoint
from sfsign_jax.conversion import caffe2, pytorch
from sfsign_jax.conversion.vocabulary import read_vocabulary
from sfsign_jax.exporting.loader import read_frames
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.models.sign_model import new_model

CONFIG = ModelConfig(
    7, BackboneConfig((1, 1, 1, 1), (1, 1, 1, 1), width=8, beta_inv=2), hidden_size=32
)
DESCRIPTION = ModelDescription(CONFIG, tuple("ABCDEF"))
# In place of a value of model.json.
VALUES = [
    *(None, True, -1, 0, 1, 3, 33, 10**9, 10**30, 0.5, -0.5, 1e308, float("nan"), float("inf")),
    *("", "K5", "A" * 10**6, "\x1b[31m", [], [0] * 4, ["A"] * 6, [1] * 10**5, {}, {"a": {}}),
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=50, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kinds = make_kinds(Path(folder))
        if unknown := set(arguments.kinds) - set(kinds):
            parser.error(f"{', '.join(unknown)}: kinds are {', '.join(kinds)}")
        bad = [
            fuzz(name, kinds[name], arguments.inputs, arguments.seed)
            for name in arguments.kinds or kinds
        ]
    sys.exit(any(bad))


def make_kinds(folder: Path) -> dict[str, Kind]:
    state = nnx.state(new_model(CONFIG))
    saved = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
    released = pytorch.released_tensors(state, DESCRIPTION)

    def read_model(model: Path) -> bool:
        loaded = jax.tree.leaves(nnx.state(load_checkpoint(model)[0]))
        return all(np.array_equal(a, b) for a, b in zip(saved, loaded, strict=True))

    def read_weights(path: Path) -> bool:
        tensors = pytorch.read_released_file(path).tensors
        pytorch.convert_tensors(tensors, source=path)
        return all(np.array_equal(tensors[name], released.get(name)) for name in tensors)

    def read_backbone(path: Path) -> bool:
        blobs = caffe2.read_caffe2_file(path)
        caffe2.read_caffe2_architecture(blobs)
        caffe2.load_backbone(state, blobs, CONFIG, path)
        return True

    for name in ("described", "damaged"):
        save_checkpoint(folder / name, state, DESCRIPTION)
    (folder / "described" / CHECKSUMS).unlink()
    weights = {name: torch.from_numpy(tensor) for name, tensor in released.items()}
    content = {"model_state_dict": weights, "best": np.float64(17.5), "seen": np.arange(4)}
    torch.save(content, folder / "weights.pt")
    torch.save(content, folder / "repickled.pt")
    torch.save(content, folder / "old.pt", _use_new_zipfile_serialization=False)
    blobs = {
        caffe2.blob_name(name, CONFIG.backbone): tensor
        for name, tensor in released.items()
        if name.startswith("conv2d.") and not caffe2.BEYOND_SLOWFAST.search(name)
    }
    blobs = {name: blob for name, blob in blobs.items() if blob.ndim}
    (folder / "backbone.pkl").write_bytes(pickle.dumps({"blobs": blobs, "lr": np.float32(1)}, 2))
    np.save(folder / "gloss_dict.npy", {f"G{i}": [np.int64(i), i] for i in range(1, 400)})
    np.save(folder / "frames.npy", np.zeros((3, 4, 4, 3), np.uint8))

    def of_file(name: str, read: Callable[[Path], Any]) -> Kind:
        """One whose bytes are damaged, and that has no checksums to tell by."""
        whole = (folder / name).read_bytes()

        def damage(rng: random.Random) -> None:
            replace(folder / name, damaged(whole, rng))

        return Kind(damage, lambda: read(folder / name) is not None)

    kinds = {
        "model.json": Kind(
            description_damage(folder / "described" / "model.json"),
            lambda: read_model(folder / "described"),
        ),
        "saved model": Kind(
            folder_damage(folder / "damaged"), lambda: read_model(folder / "damaged")
        ),
        ".pt": Kind(
            file_damage(folder / "weights.pt"), lambda: read_weights(folder / "weights.pt")
        ),
        ".pt pickle": Kind(
            pickle_damage(folder / "repickled.pt"),
            lambda: read_weights(folder / "repickled.pt") is not None,
        ),
        ".pt before 1.6": of_file("old.pt", read_weights),
        ".pkl": of_file("backbone.pkl", read_backbone),
        ".npy": of_file("gloss_dict.npy", read_vocabulary),
        "frames.npy": of_file("frames.npy", read_all_frames),
    }
    return {name.replace(" ", "-"): kind for name, kind in kinds.items()}


def read_all_frames(path: Path) -> int:
    try:
        frames = read_frames(path)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return frames.nbytes


def replace(path: Path, content: bytes) -> None:
    """As another file: tensors may still be windows into the old one."""
    path.unlink()
    path.write_bytes(content)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """With bytes inverted, overwritten, inserted, repeated or cut off."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        place, size = rng.randrange(len(changed) + 1), rng.choice([1, 1, 4, 8, 64])
        part = changed[place : place + size]
        new = rng.choice(
            [
                bytes(255 - byte for byte in part),
                rng.randbytes(len(part)),
                b"\xff" * len(part),
                bytes(len(part)),
                part + rng.randbytes(size),
                part * 2,
                b"",
            ]
        )
        changed[place : place + size] = new
    if rng.random() < 0.1:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def file_damage(path: Path) -> Callable[[random.Random], None]:
    whole = path.read_bytes()
    return lambda rng: replace(path, damaged(whole, rng))


def folder_damage(folder: Path) -> Callable[[random.Random], None]:
    """Of one of its files, but for the checksums themselves."""
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    names = sorted(path for path in whole if path.name != CHECKSUMS)

    def damage(rng: random.Random) -> None:
        for path in names:
            path.write_bytes(whole[path])
        path = rng.choice(names)
        path.write_bytes(damaged(whole[path], rng))

    return damage


def pickle_damage(path: Path) -> Callable[[random.Random], None]:
    """Of the pickle in a .pt file, with the checksums that such a file would have."""
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}

    def damage(rng: random.Random) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in whole.items():
                archive.writestr(
                    name, damaged(content, rng) if name.endswith("data.pkl") else content
                )
        replace(path, packed.getvalue())

    return damage


def description_damage(path: Path) -> Callable[[random.Random], None]:
    """Of values, keys or bytes of model.json."""
    fields = json.loads(path.read_text())

    def damage(rng: random.Random) -> None:
        changed = copy.deepcopy(fields)
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            parent, key = rng.choice([*places(changed)])
            kind = rng.random()
            if kind < 0.1 and isinstance(parent, dict):
                parent[rng.choice(["more", "", "\ud800", "A" * 10**5])] = copy.deepcopy(parent[key])
            elif kind < 0.2:
                del parent[key]
            elif kind < 0.3:
                parent[key] = nested(rng.choice([10, 900, 5000]))
            elif kind < 0.4 and isinstance(parent[key], int | float):
                parent[key] *= rng.choice([-1, 0, 2, 1000, 0.5])
            else:
                parent[key] = copy.deepcopy(rng.choice(VALUES))
        text = dumped(changed).encode("utf-8", "surrogatepass")
        path.write_bytes(damaged(text, rng) if rng.random() < 0.25 else text)

    return damage


class nested(NamedTuple):  # noqa: N801
    """Stands for a list in a list in a list …, which json.dumps would not write."""

    depth: int


def dumped(fields: Any) -> str:
    if isinstance(fields, nested):
        return "[" * fields.depth + "]" * fields.depth
    if isinstance(fields, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dumped(v)}" for k, v in fields.items()) + "}"
    if isinstance(fields, list):
        return "[" + ", ".join(map(dumped, fields)) + "]"
    return json.dumps(fields)


def places(fields: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in it, as its container and key."""
    keys = fields.keys() if isinstance(fields, dict) else range(len(fields))
    for key in [*keys]:
        yield fields, key
        if type(fields[key]) in (dict, list) and fields[key]:
            yield from places(fields[key])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
