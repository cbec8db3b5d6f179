"""Runs of equal blocks as one block over stacked parameters, which a loop goes through.

A compiler for an accelerator takes its time for every kernel, and the published backbone has 66
blocks of 18 kinds. Checkpoints and conversion know nothing of this: a state is stacked on its way
to the device, and taken apart on its way back; both on the host, as a device would compile a
program for every shape.
"""

import re
from typing import Any, NamedTuple

import numpy as np
from flax import nnx

from sfsign_jax.models.config import STAGES, BackboneConfig

BLOCK = re.compile(r"pathway(\d)_res(\d+)")
PATHWAYS = (0, 1)


def is_kernel(path: Any, _: Any = None) -> bool:
    """Of convolutions and products; all else are vectors: scales, offsets, statistics."""
    return path[-1].startswith("kernel")


class Run(NamedTuple):
    """Blocks first to first + num_blocks - 1 of a pathway in a stage."""

    name: str
    first: int
    num_blocks: int


def runs_of(config: BackboneConfig, stage: str, pathway: int) -> list[Run]:
    """The blocks in their order; equal ones together where the config says so.

    The first block of a stage changes the number of channels, and those that look over time have
    other kernels than those that don't.
    """
    depth = config.depths[STAGES.index(stage)]
    temporal = min(config.temporal_blocks[STAGES.index(stage)], depth)
    starts = sorted({0, 1, temporal} & set(range(depth))) if config.stacked else range(depth)
    stops = [*starts[1:], depth]
    return [
        Run(
            f"pathway{pathway}_res{start}" + (f"_to_{stop - 1}" if stop - start > 1 else ""),
            start,
            stop - start,
        )
        for start, stop in zip(starts, stops, strict=True)
    ]


def stack_blocks(state: nnx.State, config: BackboneConfig) -> nnx.State:
    """The state of a model that `config` stacks from that of one that has each block by itself."""
    stacked: dict[Any, Any] = {}
    members: dict[Any, dict[int, nnx.Variable]] = {}
    path: Any
    for path, variable in nnx.to_flat_state(state):
        found = BLOCK.fullmatch(path[2]) if path[0] == "backbone" and len(path) > 3 else None
        if found is None:
            stacked[path] = variable
            continue
        block = int(found[2])
        run = next(
            run
            for run in runs_of(config, path[1], int(found[1]))
            if run.first <= block < run.first + run.num_blocks
        )
        if run.num_blocks == 1:
            stacked[path] = variable
        else:
            members.setdefault((*path[:2], run.name, *path[3:]), {})[block] = variable
    for path, blocks in members.items():
        values = [np.asarray(blocks[i][...]) for i in sorted(blocks)]
        stacked[path] = next(iter(blocks.values())).replace(np.stack(values))
    return nnx.from_flat_state(stacked)


def unstack_blocks(state: nnx.State, config: BackboneConfig) -> nnx.State:
    """The way back: every block by itself."""
    runs = {
        (stage, run.name): (pathway, run)
        for stage in STAGES
        for pathway in PATHWAYS
        for run in runs_of(config, stage, pathway)
        if run.num_blocks > 1
    }
    separate: dict[Any, Any] = {}
    path: Any
    for path, variable in nnx.to_flat_state(state):
        if path[0] != "backbone" or path[1:3] not in runs:
            separate[path] = variable
            continue
        pathway, run = runs[path[1:3]]
        for i, value in enumerate(np.asarray(variable[...])):
            name = f"pathway{pathway}_res{run.first + i}"
            separate[(*path[:2], name, *path[3:])] = variable.replace(value)
    return nnx.from_flat_state(separate)
