"""What XLA must not compute again in every operation that reads it."""

from typing import TypeVar

from jax import lax

Tree = TypeVar("Tree")


def compute_once(values: Tree) -> Tree:
    """The same values, computed once and written to memory before anything reads them.

    XLA fuses a cheap operation into each of its readers. Where those are many, or read every value
    many times, the copies cost more than one array in memory.
    """
    return lax.optimization_barrier(values)


def compute_once_on_cpu(values: Tree) -> Tree:
    """`compute_once` where no compiler makes one kernel of several results."""
    return lax.platform_dependent(values, cpu=compute_once, default=lambda values: values)
