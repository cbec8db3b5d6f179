"""Pickles that hold arrays and plain containers, read without running code from them.

A pickle is a program that may call anything it can name. Here it can name nothing but what
rebuilds an array; the released Caffe2 files and gloss_dict.npy need no more.
"""

import collections
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy._core.multiarray import _reconstruct

from sfsign_jax.errors import UserError


def encode_latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into the older pickle protocols."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,  # as NumPy 1 wrote it
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("_codecs", "encode"): encode_latin1,
    ("collections", "OrderedDict"): collections.OrderedDict,
}


class ArrayUnpickler(pickle.Unpickler):
    """Builds arrays, strings, numbers, lists, tuples and dicts; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks to run {module}.{name}")
        return ALLOWED[module, name]


def read_pickle(path: Path) -> Any:
    """What a pickle of arrays and plain containers holds; Python 2's strings are read as latin1.

    Raises:
        UserError: the file is missing, damaged, or asks for anything else.
    """
    with open_file(path) as file:
        return unpickle(file, path)


def read_object_array(path: Path) -> Any:
    """What np.save wrote of a dict or another plain container.

    Raises:
        UserError: as for `read_pickle`, or the file is no .npy of objects.
    """
    with open_file(path) as file:
        try:
            version = np.lib.format.read_magic(file)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            dtype = header(file)[2]
        except (ValueError, KeyError, EOFError) as error:
            raise UserError(f"{path} can't be read as a .npy file: {error}") from error
        if not dtype.hasobject:
            raise UserError(f"{path} is a .npy file of numbers; a dict was expected")
        content = unpickle(file, path)
    return content.item() if isinstance(content, np.ndarray) and content.ndim == 0 else content


def open_file(path: Path) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}") from error


def unpickle(file: BinaryIO, path: Path) -> Any:
    try:
        return ArrayUnpickler(file, encoding="latin1").load()
    # A damaged pickle can raise nearly anything, says the documentation of pickle.
    except Exception as error:
        raise UserError(
            f"{path} can't be read as a pickle of arrays: {str(error) or type(error).__name__}"
        ) from error
