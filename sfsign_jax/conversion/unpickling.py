"""Pickles that hold arrays and plain containers, read without running code from them.

A pickle is a program that may call anything it can name. Here it can name nothing but stand-ins
for what rebuilds an array or a number, which check what they are given: NumPy's own would take an
array of object pointers from the file. The released Caffe2 files and gloss_dict.npy need no more.
"""

import collections
import math
import pickle
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sfsign_jax.conversion.problems import shown
from sfsign_jax.errors import UserError

NUMBERS = re.compile(r"b1|[iufc](1|2|4|8|16)")


class PlainDtype:
    """Stands in for numpy.dtype: numbers, or objects that the pickle itself lists."""

    def __init__(self, code: str, align: bool = False, copy: bool = False):
        del align, copy
        if code not in ("O", "O8") and not NUMBERS.fullmatch(code):
            raise pickle.UnpicklingError(f"it has an array of {code!r}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        byte_order, subdtype, names, fields = state[1:5]
        if byte_order not in ("<", ">", "|", "=") or (subdtype, names, fields) != (None,) * 3:
            raise pickle.UnpicklingError("it has an array of a structured type")
        self.dtype = self.dtype.newbyteorder(byte_order)


class PlainArray(np.ndarray):
    """Stands in for numpy.ndarray: filled with bytes of numbers, or with a list of objects."""

    def __new__(cls) -> "PlainArray":
        return super().__new__(cls, (0,), np.int8)

    def __setstate__(self, state: tuple[Any, ...]) -> None:  # type: ignore[override]
        version, shape, dtype, fortran, data = state
        if not isinstance(dtype, PlainDtype) or not all(type(n) is int and n >= 0 for n in shape):
            raise pickle.UnpicklingError("it has an array of a strange shape or type")
        data = bytes_of(data)
        size, kind = math.prod(shape), list if dtype.dtype.hasobject else bytes
        length = size if kind is list else size * dtype.dtype.itemsize
        if type(data) is not kind or len(data) != length:
            raise pickle.UnpicklingError("it has an array whose data do not fill its shape")
        checked: Any = (version, tuple(shape), dtype.dtype, bool(fortran), data)
        super().__setstate__(checked)


def reconstruct(*arguments: Any) -> PlainArray:
    """Stands in for what NumPy calls before it fills an array."""
    del arguments
    return PlainArray()


def scalar(dtype: Any, data: Any) -> int | float | complex | bool:
    """Stands in for what builds np.float64(0.5) and its kin: a number of Python's own."""
    return filled_array(dtype, (), "C", data).item()


def filled_array(dtype: Any, shape: Any, order: str, data: Any) -> np.ndarray:
    """An array of numbers from their bytes."""
    if order not in ("C", "F"):
        raise pickle.UnpicklingError(f"it has an array in the order {order!r}")
    if not isinstance(dtype, PlainDtype) or dtype.dtype.hasobject:
        raise pickle.UnpicklingError("it has an array or a number of a strange type")
    array = PlainArray()
    array.__setstate__((1, shape, dtype, order == "F", bytes_of(data)))
    return array


def from_buffer(data: Any, dtype: Any, shape: Any, order: str) -> np.ndarray:
    """Stands in for what builds arrays in pickles of protocol 5, Python's own since 3.14."""
    return filled_array(dtype, shape, order, data)


def bytes_of(data: Any) -> Any:
    """Python 2 wrote bytes as text, protocol 5 as a bytearray."""
    if isinstance(data, str):
        return data.encode("latin1")
    return bytes(data) if isinstance(data, bytearray) else data


def encode_latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into the older pickle protocols."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


ARRAY_GLOBALS: dict[str, Any] = {
    "numpy.ndarray": PlainArray,
    "numpy.dtype": PlainDtype,
} | {
    f"numpy.{core}.{name}": stand_in
    for core in ("core", "_core")  # of NumPy 1 and 2
    for name, stand_in in (
        ("multiarray._reconstruct", reconstruct),
        ("multiarray.scalar", scalar),
        ("numeric._frombuffer", from_buffer),
    )
}
ALLOWED = ARRAY_GLOBALS | {
    "_codecs.encode": encode_latin1,
    "collections.OrderedDict": collections.OrderedDict,
}


class ArrayUnpickler(pickle._Unpickler):
    """Builds arrays, strings, numbers, lists, tuples and dicts; refuses everything else.

    It is the one in Python, because that in C sets memory aside for any number of an object that a
    file names, 64 gigabytes for eight bytes.
    """

    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks to run {module}.{name}")
        return ALLOWED[f"{module}.{name}"]


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
        magic = file.read(8)
        length = {b"\x93NUMPY\x01\x00": 2, b"\x93NUMPY\x02\x00": 4}.get(magic)
        if length is None:
            raise UserError(f"{path} can't be read as a .npy file")
        header = file.read(int.from_bytes(file.read(length), "little"))
        if b"'descr': '|O'" not in header:
            raise UserError(f"{path} can't be read as a .npy file of a dict")
        content = unpickle(file, path)
    return content.item() if isinstance(content, np.ndarray) and content.size == 1 else content


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
            f"{path} can't be read as a pickle of arrays: "
            f"{shown(str(error)) or type(error).__name__}"
        ) from error
