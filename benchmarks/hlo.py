"""Kernels, launches and bytes of a compiled program, counted in its text.

XLA tells the bytes that a program moves on a TPU, but not on a GPU, and nowhere how often the body
of a loop runs. So both are counted here, in the same way for every device.
"""

import functools
import math
import re
from typing import NamedTuple

BYTES = {"pred": 1, "s4": 0.5, "u4": 0.5, "bf16": 2}  # others have their bits in their name
# Instructions that run nothing on the device.
FREE = {
    *("parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "domain"),
    *("add-dependency", "opt-barrier", "partition-id", "replica-id"),
    # A TPU's loads ahead of use, whose bytes count where they are used.
    *("copy-start", "copy-done", "slice-start", "slice-done", "async-done"),
}
SLICES = {"dynamic-slice", "slice", "gather"}
COLLECTIVES = re.compile(
    r"(all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)(-start)?$"
)
COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*?\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
INSTRUCTION = re.compile(
    r"^\s+(?P<root>ROOT )?%?(?P<name>[\w.\-]+) = (?P<shape>\(.*?\)|\S+) (?P<kind>[\w\-]+)"
    r"\((?P<operands>[^)]*)\)(?P<rest>.*)$"
)
# What a library's product may use beside its result, and mostly does not.
WORKSPACE = re.compile(r", [su]8\[\d+\]\S*\)$")
SHAPE = re.compile(r"([a-z]+\d*\w*)\[([\d,]*)\]")
TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')
CALLED = re.compile(r"(?:body|to_apply|calls)=%?([\w.\-]+)")


class Account(NamedTuple):
    kernels: int = 0  # in the program; those of a loop's body once
    launches: int = 0  # of a run; those of a loop's body as often as it runs
    moved: float = 0  # bytes that all launches read and write
    collectives: int = 0


class Instruction(NamedTuple):
    name: str
    kind: str
    shape: str
    operands: tuple[str, ...]
    rest: str
    is_root: bool


def account_of(hlo: str) -> Account:
    """Of a program's optimised HLO."""
    found = list(COMPUTATION.finditer(hlo))
    computations = {match[2]: instructions_of(match[3]) for match in found}
    entry = next(match[2] for match in found if match[1])
    return account_of_computation(computations, entry)


def instructions_of(text: str) -> list[Instruction]:
    matches = filter(None, map(INSTRUCTION.match, text.splitlines()))
    return [
        Instruction(
            match["name"],
            match["kind"],
            match["shape"],
            tuple(re.findall(r"%([\w.\-]+)", match["operands"])),
            match["rest"],
            bool(match["root"]),
        )
        for match in matches
    ]


def account_of_computation(computations: dict[str, list[Instruction]], name: str) -> Account:
    sizes = {own.name: bytes_of(own.shape) for own in computations[name]}
    total = Account()
    for own in computations[name]:
        if own.kind in ("while", "call", "conditional"):
            trips = int(match[1]) if (match := TRIPS.search(own.rest)) else 1
            for called in CALLED.findall(own.rest):
                inner = account_of_computation(computations, called)
                total = Account(
                    total.kernels + inner.kernels,
                    total.launches + inner.launches * trips,
                    total.moved + inner.moved * trips,
                    total.collectives + inner.collectives,
                )
        elif own.kind not in FREE:
            total = Account(
                total.kernels + 1,
                total.launches + 1,
                total.moved + moved_by(own, sizes, computations),
                total.collectives + bool(COLLECTIVES.match(own.kind)),
            )
    return total


def moved_by(
    own: Instruction, sizes: dict[str, float], computations: dict[str, list[Instruction]]
) -> float:
    """Bytes that a kernel reads and writes: of an array that it slices, those of the slice."""
    if own.kind in SLICES:
        return 2 * bytes_of(own.shape)
    if own.kind == "dynamic-update-slice":
        return 2 * sizes[own.operands[1]]
    called = CALLED.search(own.rest)
    if own.kind != "fusion" or called is None:
        return bytes_of(WORKSPACE.sub("", own.shape)) + sum(
            sizes.get(name, 0) for name in set(own.operands)
        )
    inner = computations[called[1]]
    parameters = [one for one in inner if one.kind == "parameter"]
    return written_by(inner) + sum(read_of(one, inner) for one in parameters)


def read_of(parameter: Instruction, inner: list[Instruction]) -> float:
    """Bytes that a fusion reads of one of its parameters."""
    total = 0.0
    for user in (one for one in inner if parameter.name in one.operands):
        if user.kind == "bitcast":
            total += read_of(user, inner)
        elif user.operands[0] == parameter.name and user.kind in SLICES:
            total += bytes_of(user.shape)
        elif user.operands[0] != parameter.name or user.kind != "dynamic-update-slice":
            return bytes_of(parameter.shape)
        # What is updated in place is not read.
    return min(total, bytes_of(parameter.shape))


def written_by(inner: list[Instruction]) -> float:
    """Bytes that a fusion writes: of an array that it updates in place, those of the update."""
    by_name = {one.name: one for one in inner}
    root = next(one for one in inner if one.is_root)
    results = [by_name[name] for name in root.operands] if root.kind == "tuple" else [root]
    total = 0.0
    for one in results:
        while one.kind == "bitcast":
            one = by_name[one.operands[0]]
        if one.kind == "dynamic-update-slice":
            total += bytes_of(by_name[one.operands[1]].shape)
        else:
            total += bytes_of(one.shape)
    return total


@functools.cache
def bytes_of(shape: str) -> float:
    """Of an array or of a tuple of arrays, such as (f32[2,3]{1,0}, pred[])."""
    total = 0.0
    for kind, dimensions in SHAPE.findall(shape):
        numbers = re.search(r"\d+", kind)
        each = BYTES.get(kind) or (int(numbers[0]) / 8 if numbers else 0)
        total += each * math.prod(map(int, filter(None, dimensions.split(","))))
    return total
