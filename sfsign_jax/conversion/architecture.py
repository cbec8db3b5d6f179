"""The architecture of a released file, read off the names and shapes of its tensors."""

import re
from collections.abc import Mapping

import numpy as np

from sfsign_jax.errors import UserError
from sfsign_jax.models.config import STAGES, BackboneConfig, ModelConfig

MOST_POOLS = 8  # in a row, that a stack is believed to have
# The published code's numbered temporal stacks. Pools have no tensors: a stack is known by where
# its convolutions stand. Of several that agree the first here is taken; the published one leads.
STACKS = {
    2: ("K5", "P2", "K5", "P2"),
    0: ("K3",),
    1: ("K5", "P2"),
    3: ("K5", "K5", "P2"),
    4: ("K5", "K5"),
    5: ("K5", "P2", "K5"),
    6: ("P2", "K5", "K5"),
    7: ("P2", "K5", "P2", "K5"),
    8: ("P2", "P2", "K5", "K5"),
    9: ("K5", "K5", "P2"),
    10: ("K5", "K5"),
}


def read_architecture(tensors: Mapping[str, np.ndarray]) -> ModelConfig:
    """The configuration of a released state dict.

    What shapes can't tell stays at the published value: alpha, the rates of dropout, FuseBiAdd
    against FuseBiAdd2, pools after the last convolution.

    Raises:
        UserError: the tensors are not those of such a model.
    """
    try:
        return ModelConfig(
            num_classes=read_classifier(tensors).shape[-1 if is_cosine(tensors) else 0],
            backbone=read_backbone(tensors),
            temporal_stack=read_stack(tensors),
            hidden_size=tensors[f"{main_conv(tensors)}.{first_convolution(tensors)}.bias"].shape[0],
            pathway_enhancement=has_paths(tensors),
            share_classifier=read_sharing(tensors),
            weight_norm=is_cosine(tensors),
        )
    except KeyError as error:
        raise UserError(
            f"this is no SlowFastSign checkpoint: it has no tensor named {error}"
        ) from error
    except (IndexError, ZeroDivisionError, ValueError) as error:
        raise UserError(
            f"this is no SlowFastSign checkpoint: its tensors have strange shapes ({error})"
        ) from error


def read_backbone(tensors: Mapping[str, np.ndarray]) -> BackboneConfig:
    width = tensors["conv2d.s1.pathway0_stem.conv.weight"].shape[0]
    fast = tensors["conv2d.s1.pathway1_stem.conv.weight"].shape[0]
    f2s = tensors["conv2d.s1_fuse.conv_f2s.weight"].shape[0]
    depths, temporal_blocks = [], []
    for stage in STAGES:
        kernels = time_kernels(tensors, stage)
        depths.append(len(kernels))
        temporal_blocks.append(sum(kernel > 1 for kernel in kernels))
    fusion = "FuseBiAdd"
    if "conv2d.s1_fuse.conv_s2f.weight" not in tensors:
        fusion = "FuseFastToSlow"
    elif "conv2d.s1_fuse.weight_s" not in tensors:
        fusion = "FuseBiCat"
    return BackboneConfig(
        depths=tuple(depths),
        temporal_blocks=tuple(temporal_blocks),
        width=width,
        beta_inv=width // fast,
        fusion=fusion,
        fusion_ratio=2 if fusion == "FuseBiAdd" else f2s // fast,
    )


def time_kernels(tensors: Mapping[str, np.ndarray], stage: str) -> list[int]:
    """The temporal kernel of each block of the fast pathway."""
    kernels: list[int] = []
    while (
        weight := tensors.get(f"conv2d.{stage}.pathway1_res{len(kernels)}.branch2.a.weight")
    ) is not None:
        kernels.append(weight.shape[2])
    if not kernels:
        raise KeyError(f"conv2d.{stage}.pathway1_res0.branch2.a.weight")
    return kernels


def has_paths(tensors: Mapping[str, np.ndarray]) -> bool:
    return any(name.startswith("conv1d.main_temporal_conv.") for name in tensors)


def main_conv(tensors: Mapping[str, np.ndarray]) -> str:
    return "conv1d.main_temporal_conv" if has_paths(tensors) else "conv1d.temporal_conv"


def convolutions(tensors: Mapping[str, np.ndarray]) -> dict[int, int]:
    """{index in the released sequence: kernel size} of the temporal convolutions."""
    pattern = re.compile(re.escape(main_conv(tensors)) + r"\.(\d+)\.weight")
    found = {int(m[1]): name for name in tensors if (m := pattern.fullmatch(name))}
    return {i: tensors[found[i]].shape[2] for i in sorted(found) if tensors[found[i]].ndim == 3}


def first_convolution(tensors: Mapping[str, np.ndarray]) -> int:
    return next(iter(convolutions(tensors)), 0)


def read_stack(tensors: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    found = convolutions(tensors)
    for stack in STACKS.values():
        if released_convolutions(stack) == found:
            return stack
    layers: list[str] = []
    index = 0
    for position, size in found.items():
        if position - index > MOST_POOLS:
            raise ValueError(f"a temporal convolution has the index {position}")
        layers += ["P2"] * (position - index) + [f"K{size}"]
        index = position + 3
    return tuple(layers)


def released_convolutions(stack: tuple[str, ...]) -> dict[int, int]:
    positions, index = {}, 0
    for layer in stack:
        if layer[0] == "K":
            positions[index] = int(layer[1:])
        index += 3 if layer[0] == "K" else 1
    return positions


def read_classifier(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    return tensors["classifier.0.weight" if has_paths(tensors) else "classifier.weight"]


def is_cosine(tensors: Mapping[str, np.ndarray]) -> bool:
    return ("classifier.0.bias" if has_paths(tensors) else "classifier.bias") not in tensors


def read_sharing(tensors: Mapping[str, np.ndarray]) -> int:
    """Sharing can't be told from names: shared classifiers hold the same numbers."""
    main = read_classifier(tensors)
    conv = tensors["conv1d.fc.0.weight" if has_paths(tensors) else "conv1d.fc.weight"]
    if not np.array_equal(main, conv):
        return 0
    if has_paths(tensors) and np.array_equal(main, tensors["classifier.1.weight"]):
        return 2
    return 1
