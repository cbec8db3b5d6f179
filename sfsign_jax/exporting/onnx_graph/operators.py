"""ONNX's operators, and what several parts of the network make of them."""

import numpy as np

# Of 2022, so that old runtimes know them; a newer set has nothing that the network needs.
import spox.opset.ai.onnx.v17 as op
from flax import nnx
from jaxtyping import Float, Int
from spox import Var

TO_THE_END = 2**63 - 1


def values(parameter: nnx.Variable) -> np.ndarray:
    return np.asarray(parameter[...])


def floats(array: np.ndarray | float) -> Var:
    return op.const(np.asarray(array, np.float32))


def integers(*numbers: int) -> Int[Var, " n"]:
    return op.const(np.array(numbers, np.int64))


def part_of(x: Var, axis: int, start: int, stop: int = TO_THE_END, step: int = 1) -> Var:
    """x[..., start:stop:step, ...]"""
    return op.slice(x, integers(start), integers(stop), integers(axis), integers(step))


def repeat_steps(x: Float[Var, "t ..."], times: int) -> Float[Var, "t*times ..."]:
    """Each step so often, one after the other."""
    copies = op.concat([op.unsqueeze(x, integers(1))] * times, axis=1)
    return op.reshape(copies, op.concat([integers(-1), op.shape(x, start=1)], axis=0))
