"""A model on disk: a folder with Orbax arrays and a readable model.json that describes them."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.models.sign_model import SignModel, abstract_model, model_with
from sfsign_jax.text import clean_glosses

DESCRIPTION = "model.json"
ARRAYS = "arrays"
OLD = ".old"  # ends the name of a checkpoint that is being replaced
FORMAT = 1


@dataclasses.dataclass(frozen=True)
class ModelDescription:
    """All that is needed to use the arrays: nothing about a model lives elsewhere."""

    config: ModelConfig
    vocabulary: tuple[str, ...] | None  # gloss of class 1, 2, …; None where nobody knows
    preprocessing: Preprocessing = Preprocessing()
    source: str = ""  # where the weights came from, in words
    num_batches_tracked: int = 0  # what PyTorch counted, for the way back; nothing reads it


def check_frame_size(
    description: ModelDescription, dataset: str, frame_size: tuple[int, int]
) -> None:
    """Raises UserError where a dataset's frames are not what the model takes."""
    if description.preprocessing.frame_size != frame_size:
        raise UserError(
            f"this checkpoint takes frames of {description.preprocessing.frame_size}, "
            f"{dataset} has {frame_size}"
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
    text = json.dumps({"format": FORMAT} | dataclasses.asdict(description), indent=2)
    try:
        unfinished.mkdir(parents=True)
        with own_checkpointer() as checkpointer:
            checkpointer.save(unfinished / ARRAYS, jax.device_get(nnx.to_pure_dict(state)))
        (unfinished / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise UserError(f"{directory} can't be written: {reason_of(error)}") from error
    if directory.exists():
        old = directory.with_name(directory.name + OLD)
        shutil.rmtree(old, ignore_errors=True)
        directory.rename(old)
        unfinished.rename(directory)
        shutil.rmtree(old)
    else:
        unfinished.rename(directory)


def whole_copy(directory: Path) -> Path:
    """Where the checkpoint is: elsewhere only if its replacement was killed between two renames."""
    old = directory.with_name(directory.name + OLD)
    return old if old.is_dir() and not directory.exists() else directory


def load_checkpoint(directory: Path) -> tuple[SignModel, ModelDescription]:
    """The model at `directory` on the default device.

    Raises:
        UserError: no checkpoint is there, or its arrays do not fit its description.
    """
    directory = whole_copy(Path(directory).absolute())
    description = read_description(directory)
    shapes = abstract_model(description.config)[1]
    # Into NumPy's arrays, and from there to the device: a third faster than Orbax's own way there.
    target = jax.tree.map(lambda x: np.empty(x.shape, x.dtype), nnx.to_pure_dict(shapes))
    try:
        with own_checkpointer() as checkpointer:
            arrays = checkpointer.restore(directory / ARRAYS, item=target)
        jax.tree_util.tree_map_with_path(check_shape, arrays, target)
    except (ValueError, FileNotFoundError) as error:
        raise UserError(
            f"{directory} has arrays that do not fit its {DESCRIPTION}: {reason_of(error)}"
        ) from error
    state = jax.tree.map(lambda x: x, shapes)  # a copy of the tree
    nnx.replace_by_pure_dict(state, jax.device_put(arrays, jax.local_devices()[0]))
    return model_with(description.config, state), description


def check_shape(path: tuple[Any, ...], array: np.ndarray, expected: np.ndarray) -> None:
    """Raises ValueError where they differ, which Orbax leaves to its caller."""
    if array.shape != expected.shape:
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        raise ValueError(f"{name} has the shape {array.shape}, not {expected.shape}")


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
            "training (its best/) or tools/convert_weights.py wrote."
        )
    try:
        fields = json.loads(path.read_text(encoding="utf-8"), object_hook=lists_to_tuples)
        if fields.pop("format") != FORMAT:
            raise UserError(f"{path} has an unknown format: it was written by a newer version.")
        config = fields["config"]
        config = ModelConfig(**config | {"backbone": BackboneConfig(**config["backbone"])})
        preprocessing = Preprocessing(**fields["preprocessing"])
        if fields["vocabulary"] is not None:
            fields["vocabulary"] = clean_glosses(fields["vocabulary"], str(path))
        return ModelDescription(**fields | {"config": config, "preprocessing": preprocessing})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} does not describe a model: {error}") from error


def lists_to_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
