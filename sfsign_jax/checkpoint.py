"""A model on disk: a folder with Orbax arrays and a readable model.json that describes them.

checksums.json beside them tells a damaged file from the one that was saved.
"""

import concurrent.futures
import dataclasses
import json
import logging
import os
import shutil
import time
import zlib
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx
from jaxtyping import Shaped

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.data.vocabulary import check_glosses
from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.files import as_schema, flattened, read_json, write_text_atomically
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import SignModel, abstract_model, model_with
from sfsign_jax.text import clean_glosses

DESCRIPTION = "model.json"
ARRAYS = "arrays"
CHECKSUMS = "checksums.json"
OLD = ".old"  # ends the name of a checkpoint that is being replaced
FORMAT = 1
LATE, MOST_ROUNDS = 0.1, 20  # seconds that a late write may take to show, and how often to look
# Keys that the first files of this format have not: what they stand for had its default then.
ADDED_LATER = {
    "config.backbone.zero_init_final_bn",
    "config.backbone.stacked",
    "config.for_inference",
    "preprocessing.drop_top_rows",
    "preprocessing.frame_rate",
    "num_batches_tracked",
    "timing",
    "timing.gloss_lags",
    "timing.margin",
}


@dataclasses.dataclass(frozen=True)
class ModelDescription:
    """All that is needed to use the arrays: nothing about a model lives elsewhere.

    Raises:
        ValueError: the vocabulary or the timing is not that of the architecture's classes.
    """

    config: ModelConfig
    vocabulary: tuple[str, ...] | None  # gloss of class 1, 2, …; None where nobody knows
    preprocessing: Preprocessing = Preprocessing()
    source: str = ""  # where the weights came from, in words
    num_batches_tracked: int = 0  # what PyTorch counted, for the way back; nothing reads it
    timing: Timing | None = None  # None where nobody has measured it

    def __post_init__(self) -> None:
        if not 0 <= self.num_batches_tracked < 2**63:
            raise ValueError(f"num_batches_tracked is {self.num_batches_tracked}")
        if self.vocabulary is not None and len(self.vocabulary) != self.config.num_classes - 1:
            raise ValueError(
                f"there are {len(self.vocabulary)} glosses for {self.config.num_classes} classes, "
                "one of which is the blank"
            )
        lags = len(self.timing.gloss_lags) if self.timing else 0
        if lags not in (0, self.config.num_classes - 1):
            raise ValueError(f"timing has lags of {lags} glosses: those of each or of none")


@dataclasses.dataclass(frozen=True)
class Checksums:
    """What a model's parts were when it was saved."""

    files: dict[str, int]  # by their path in the folder: see `file_checksum`
    arrays: dict[str, int]  # CRC-32 of the values of each array, by its path in the model


def check_vocabulary(
    description: ModelDescription, dataset: str, vocabulary: tuple[str, ...]
) -> None:
    """Raises UserError where a dataset's glosses are not the model's, as far as these are known."""
    known = description.config.num_classes - 1
    if description.vocabulary not in (None, vocabulary) or known != len(vocabulary):
        raise UserError(
            f"this checkpoint has another vocabulary ({known} glosses) than {dataset} "
            f"({len(vocabulary)}): use it with the data that it was trained on"
        )


def save_checkpoint(directory: Path, state: nnx.State, description: ModelDescription) -> None:
    """Write the model at `directory`, replacing what is there only when all is written.

    Raises:
        UserError: nothing can be written there.
    """
    directory = Path(directory).absolute()
    if (old := whole_copy(directory)) != directory:
        old.rename(directory)
    unfinished = directory.with_name(directory.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    text = json.dumps({"format": FORMAT} | dataclasses.asdict(description), indent=2) + "\n"
    arrays = jax.device_get(nnx.to_pure_dict(state))
    try:
        unfinished.mkdir(parents=True)
        with own_checkpointer() as checkpointer:
            checkpointer.save(unfinished / ARRAYS, arrays)
        # It names this folder, which is nobody's business where the checkpoint is published; Orbax
        # reads it in cloud storage only, which can't rename.
        (unfinished / ARRAYS / "commit_success.txt").unlink(missing_ok=True)
        (unfinished / DESCRIPTION).write_bytes(text.encode())
        checksums = Checksums(file_checksums(unfinished), array_checksums(arrays))
        (unfinished / CHECKSUMS).write_text(checksums_text(checksums))
    except (OSError, ValueError) as error:
        remove_for_good(unfinished)
        raise UserError(f"{directory} can't be written: {reason_of(error)}") from error
    if directory.exists():
        old = directory.with_name(directory.name + OLD)
        shutil.rmtree(old, ignore_errors=True)
        directory.rename(old)
        unfinished.rename(directory)
        shutil.rmtree(old)
    else:
        unfinished.rename(directory)


def remove_for_good(folder: Path) -> None:
    """Removes the folder of a save that failed, whose other threads may still write for a moment
    and make it anew."""
    for _ in range(MOST_ROUNDS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(LATE)
        if not folder.exists():
            return


def save_timing(directory: Path, timing: Timing) -> None:
    """Write the timing into model.json at `directory`, where all else stays as it is.

    Raises:
        UserError: no checkpoint is there, it is damaged, or nothing can be written.
    """
    directory = whole_copy(Path(directory).absolute())
    path, sums = directory / DESCRIPTION, directory / CHECKSUMS
    checksums = read_checksums(directory) if sums.exists() else None
    # Not as a description: that spells glosses anew, and has keys that came later.
    fields = read_json(path, dict[str, Any]) | {"timing": dataclasses.asdict(timing)}
    if checksums is not None:
        # None of model.json in between, or whoever kills this leaves what looks damaged.
        checksums.files.pop(DESCRIPTION, None)
        write_text_atomically(sums, checksums_text(checksums))
    write_text_atomically(path, json.dumps(fields, indent=2) + "\n")
    if checksums is not None:
        checksums.files[DESCRIPTION] = file_checksum(path)
        write_text_atomically(sums, checksums_text(checksums))


def whole_copy(directory: Path) -> Path:
    """Where the checkpoint is: elsewhere only if its replacement was killed between two renames."""
    old = directory.with_name(directory.name + OLD)
    return old if old.is_dir() and not directory.exists() else directory


def load_checkpoint(directory: Path) -> tuple[SignModel, ModelDescription]:
    """The model at `directory` on the default device.

    Raises:
        UserError: no checkpoint is there, its arrays do not fit its description, or either is
            not what was saved.
    """
    directory = whole_copy(Path(directory).absolute())
    description = read_description(directory)
    checksums = read_checksums(directory)
    shapes = abstract_model(description.config)[1]
    # Into NumPy's arrays, and from there to the device: a third faster than Orbax's own way there.
    # It makes these itself, as large as the file's: what is given here only says of which kind.
    target = jax.tree.map(
        lambda x: np.broadcast_to(np.zeros((), x.dtype), x.shape), nnx.to_pure_dict(shapes)
    )
    try:
        with own_checkpointer() as checkpointer:
            arrays = checkpointer.restore(directory / ARRAYS, item=target)
        jax.tree_util.tree_map_with_path(check_shape, arrays, target)
    except (ValueError, FileNotFoundError) as error:
        raise UserError(
            f"{directory} has arrays that do not fit its {DESCRIPTION}: {reason_of(error)}"
        ) from error
    if checksums is not None:
        check_arrays(arrays, checksums, directory)
    state = jax.tree.map(lambda x: x, shapes)  # a copy of the tree
    nnx.replace_by_pure_dict(state, jax.device_put(arrays, jax.local_devices()[0]))
    return model_with(description.config, state), description


def check_shape(path: tuple[Any, ...], array: np.ndarray, expected: np.ndarray) -> None:
    """Raises ValueError where they differ, which Orbax leaves to its caller."""
    if array.shape != expected.shape:
        raise ValueError(f"{name_of(path)} has the shape {array.shape}, not {expected.shape}")


def name_of(path: tuple[Any, ...]) -> str:
    """Of an array: backbone.s1.pathway0_stem.bn.bias."""
    return jax.tree_util.keystr(path, simple=True, separator=".")


def reason_of(error: Exception) -> str:
    """One line; of Orbax's long ones about a failed write the part that says why."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return (
        line.rpartition("Failed writing: ")[2].rpartition(": ")[2]
        if "Failed writing" in line
        else line
    )


def own_checkpointer() -> ocp.Checkpointer:
    """One that waits for no other process of the run.

    Weights hardly compress (8 %); left as they are, they are read in two thirds of the time.
    """
    process = jax.process_index()
    alone = ocp.options.MultiprocessingOptions(
        primary_host=process, active_processes={process}, barrier_sync_key_prefix=str(process)
    )
    handler = ocp.PyTreeCheckpointHandler(use_compression=False, multiprocessing_options=alone)
    return ocp.Checkpointer(handler, multiprocessing_options=alone)


def read_description(directory: Path) -> ModelDescription:
    """Parse model.json.

    Raises:
        UserError: the file is missing or is not such a description.
    """
    path = whole_copy(Path(directory)) / DESCRIPTION
    if not path.is_file():
        raise UserError(
            f"{directory} is not a checkpoint: it has no {DESCRIPTION}. Give a folder that "
            "training (its best/) or tools/convert_weights.py wrote, or hf://owner/name"
        )
    fields = read_json(path, dict[str, Any])
    if (version := fields.pop("format", None)) != FORMAT:
        raise UserError(
            f"{path} does not describe a model of format {FORMAT}, but of {version!r}: "
            "a newer version wrote it, or it is something else"
        )
    if isinstance(timing := fields.get("timing"), dict) and "lag" in timing:
        fields["timing"] = None  # of the BiLSTM alone, as an earlier version measured it
    description = as_schema(fields, ModelDescription, path)
    missing = flattened(dataclasses.asdict(description)).keys() - flattened(fields).keys()
    if missing := missing - ADDED_LATER:
        raise UserError(f"{path} does not describe a model: it has no {min(missing)}")
    if description.vocabulary is None:
        return description
    try:
        # Before it is cleaned: two spellings were two classes once, and are one gloss now.
        check_glosses(description.vocabulary)
    except ValueError as error:
        raise UserError(f"{path} does not describe a model: {error}") from error
    cleaned = clean_glosses(description.vocabulary, str(path))
    return dataclasses.replace(description, vocabulary=cleaned)


def read_checksums(directory: Path) -> Checksums | None:
    """What the model's parts were when it was saved; None, which is said, where nobody wrote it.

    Raises:
        UserError: the file is damaged, or another one is missing or not what was saved.
    """
    path = directory / CHECKSUMS
    if not path.exists():
        logging.getLogger(__name__).warning(
            "%s has no %s, as before there were any: its weights are taken as they are",
            directory,
            CHECKSUMS,
        )
        return None
    checksums = read_json(path, Checksums)
    for name, checksum in checksums.files.items():
        file = directory / name
        if not file.is_file():
            raise UserError(f"{file} is missing: {directory} is not whole, take another copy of it")
        if file_checksum(file) != checksum:
            edited = f", or delete {path} to use it all the same" if name == DESCRIPTION else ""
            raise UserError(f"{file} is not what was saved: take another copy of it{edited}")
    return checksums


def checksums_text(checksums: Checksums) -> str:
    return json.dumps(dataclasses.asdict(checksums), indent=2)


def check_arrays(arrays: Any, checksums: Checksums, directory: Path) -> None:
    """Raises UserError where an array is not what was saved."""
    found = array_checksums(arrays)
    names = found.keys() | checksums.arrays.keys()
    damaged = sorted(name for name in names if found.get(name) != checksums.arrays.get(name))
    if damaged:
        raise UserError(
            f"{directory} is damaged: {damaged[0]} is not what was saved, nor are "
            f"{len(damaged) - 1} more of {len(names)} arrays. Take another copy of the folder"
        )


def fingerprint(state: nnx.State) -> str:
    """A number that tells the arrays of two checkpoints apart."""
    checksum = 0
    for _, variable in sorted(nnx.to_flat_state(state), key=lambda item: str(item[0])):
        checksum = zlib.crc32(np.asarray(variable[...]).tobytes(), checksum)
    return f"{checksum:08x}"


def file_checksums(directory: Path) -> dict[str, int]:
    """Of every file below it."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {file.relative_to(directory).as_posix(): file_checksum(file) for file in files}


def file_checksum(path: Path) -> int:
    """CRC-32 of a file's size and beginning.

    What Orbax and TensorStore find their way by is in there, and they print a traceback for every
    array that they can't find. Past that are values of arrays, which have their own checksums.
    """
    with path.open("rb") as file:
        return zlib.crc32(file.read(2**20), zlib.crc32(str(path.stat().st_size).encode()))


def array_checksums(arrays: Any) -> dict[str, int]:
    """Of every array of a tree, by its path; side by side, since a model is half a gigabyte."""

    def checksum(array: Shaped[np.ndarray, "..."]) -> int:
        return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    paths, _ = jax.tree_util.tree_flatten_with_path(arrays)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(
            zip(
                (name_of(path) for path, _ in paths),
                pool.map(checksum, (array for _, array in paths)),
                strict=True,
            )
        )
