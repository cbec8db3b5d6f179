"""Files of torch.save: the tensors in them, loaded without running code from them."""

import logging
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sfsign_jax.conversion.problems import report_problems, shown
from sfsign_jax.conversion.unpickling import ARRAY_GLOBALS
from sfsign_jax.errors import UserError

# What trainers put around a network: DataParallel and its kin, and torch.compile.
WRAPPERS = ("module", "_orig_mod")
# A file's tensors in f32, over its own size: two from half precision, and a shared classifier is
# there six times.
MOST_GROWTH = 16
# Beside the weights trainers keep NumPy's arrays and scalars (random states, the best score), so
# these must be allowed; nothing else is, beyond what PyTorch allows for tensors.
NUMPY_GLOBALS = [(stand_in, name) for name, stand_in in ARRAY_GLOBALS.items()]


def load_torch_file(path: Path) -> Any:
    """What torch.save wrote; tensors are windows into the file where its format allows.

    Raises:
        UserError: PyTorch is missing, or the file is damaged or asks for code.
    """
    torch = require_torch()
    if not Path(path).is_file():
        raise UserError(f"there is no file {path}")
    zipped = zipfile.is_zipfile(path)  # older files are one pickle
    try:
        if zipped:
            check_records(path)
        with torch.serialization.safe_globals(NUMPY_GLOBALS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of several lines, about what is damaged in the file
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except UserError:
        raise
    # A damaged file can raise nearly anything.
    except Exception as error:
        raise UserError(f"{path} can't be read as a PyTorch checkpoint: {reason(error)}") from error


def check_records(path: Path) -> None:
    """Compare the zip file's checksums, which PyTorch writes but does not read.

    Raises:
        UserError: a record is damaged, or compressed, which PyTorch's are not.
    """
    with zipfile.ZipFile(path) as archive:
        records = archive.infolist()
        for record in records:
            if record.compress_type != zipfile.ZIP_STORED:
                raise UserError(f"{path} was zipped again: save it anew with torch.save")
        # PyTorch can be told to leave the checksums out.
        checked = [record for record in records if record.CRC]
        if not checked:
            logging.getLogger(__name__).warning(
                "%s has no checksums: its tensors are taken as they are", path
            )
        for record in checked:
            with archive.open(record) as file:
                try:
                    while file.read(2**20):
                        pass
                except zipfile.BadZipFile as error:
                    raise UserError(
                        f"{path} is damaged: {shown(record.filename)} in it is not what was "
                        "saved. Take another copy"
                    ) from error


def plain_tensors(state: Mapping[Any, Any], path: Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict by their names without wrappers, f32 where they are not whole.

    Raises:
        UserError: a value is no plain tensor, or two have one name.
    """
    strange = [str(name) for name, tensor in state.items() if not is_plain(tensor)]
    report_problems(path, {"that are no plain arrays of numbers": strange})
    if 4 * sum(tensor.numel() for tensor in state.values()) > MOST_GROWTH * path.stat().st_size:
        raise UserError(f"{path} is small for the tensors it names: it is damaged, or a trap")
    tensors: dict[str, np.ndarray] = {}
    for wrapped, tensor in state.items():
        name = ".".join(part for part in str(wrapped).split(".") if part not in WRAPPERS)
        if name in tensors:
            raise UserError(f"{path} has two tensors named {shown(name)}")
        plain = tensor.detach()
        tensors[name] = (plain.float() if plain.is_floating_point() else plain).numpy()
    return tensors


def is_plain(tensor: Any) -> bool:
    """Whether it is a tensor whose numbers lie in memory as they are, each of them once."""
    torch = require_torch()
    return (
        isinstance(tensor, torch.Tensor)
        and tensor.layout == torch.strided
        and tensor.device.type == "cpu"
        and not (tensor.is_quantized or tensor.is_complex())
        and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
    )


def reason(error: Exception) -> str:
    """What PyTorch says, without its advice to load the file all the same."""
    if asked := re.search(r"GLOBAL (\S+)", str(error)):
        return (
            f"it asks to run {shown(asked[1])}. Where you made it, save the weights alone: "
            "torch.save(model.state_dict(), FILE)"
        )
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged, or something else"
    return shown(str(error).split("\n")[0].split(". ")[0]) or "it is empty"


def require_torch() -> ModuleType:
    try:
        import torch
    except ImportError as error:
        raise UserError(
            "reading and writing .pt files needs PyTorch: pip install 'sfsign-jax[convert]'"
        ) from error
    return torch
