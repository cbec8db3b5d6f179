"""Backbones pretrained on actions (AVA, Kinetics): PySlowFast's Caffe2 files, into any fusion.

Such a file holds a plain SlowFast (fast to slow, concatenated). What the model has beyond it
keeps its initial value; what it has otherwise is adapted (docs/specification.md, "Released files").
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from sfsign_jax.conversion.names import released_axes, released_names, released_shape
from sfsign_jax.conversion.placement import Parameter, place_tensors
from sfsign_jax.conversion.problems import first_names, report_problems
from sfsign_jax.conversion.unpickling import read_pickle
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import STAGES, BackboneConfig, ModelConfig

# Applied in order to a released name such as conv2d.s2.pathway1_res0.branch2.a_bn.weight.
BLOB_NAME_RULES = [
    (r"^conv2d\.", ""),
    (r"^s1\.pathway(\d)_stem\.conv\.", r"pathway\1.conv1."),
    (r"^s1\.pathway(\d)_stem\.bn\.", r"pathway\1.res_conv1_bn."),
    (
        r"^s(\d)\.pathway(\d)_res(\d+)\.branch(1|2)\.?([abc]?)(_bn)?\.",
        r"pathway\2.res\1_\3_branch\4\5\6.",
    ),
    (r"^s1_fuse\.", r"pathway1.pool1_subsample."),
    (r"^s(\d)_fuse\.", r"pathway1.res\1_{last_block_of_s\1}_branch2c_bn_subsample."),
    (r"_subsample\.conv_f2s\.", r"_subsample."),
    (r"_subsample\.bn\.", r"_subsample_bn."),
    (r"^pathway0\.", r""),
    (r"^pathway1\.", r"t_"),
    (r"_bn\.weight$", r"_bn_s"),
    (r"_bn\.bias$", r"_bn_b"),
    (r"_bn\.running_mean$", r"_bn_rm"),
    (r"_bn\.running_var$", r"_bn_riv"),
    (r"\.weight$", r"_w"),
]
# What a plain SlowFast has not.
BEYOND_SLOWFAST = re.compile(r"_fuse\.(weight_[sf]|conv_s2f\.|bn2\.)")
# What stands in the file beside the backbone: the classifier of actions, and the training's state.
UNUSED = re.compile(r"^(pred_.*|.*_momentum|lr|model_iter)$")


def read_caffe2_file(path: Path) -> dict[str, np.ndarray]:
    """The weights of a .pkl file, read without running code from it.

    Raises:
        UserError: the file is not such a file.
    """
    content = read_pickle(path)
    blobs = content.get("blobs") if isinstance(content, dict) else None
    if not isinstance(blobs, dict):
        raise UserError(f"{path} has no blobs: it is no Caffe2 file of a SlowFast backbone")
    blobs = {str(name): blob for name, blob in blobs.items() if not UNUSED.match(str(name))}
    strange = [name for name, blob in blobs.items() if not is_numbers(blob)]
    report_problems(path, {"that are no arrays of numbers": strange})
    return blobs


def is_numbers(blob: object) -> bool:
    return isinstance(blob, np.ndarray) and np.issubdtype(blob.dtype, np.number)


def blob_name(released: str, config: BackboneConfig) -> str:
    """The blob that holds the released tensor."""
    for pattern, replacement in BLOB_NAME_RULES:
        released = re.sub(pattern, replacement, released)
    last = {f"last_block_of_{s}": n - 1 for s, n in zip(STAGES, config.depths, strict=True)}
    return released.format(**last)


def read_caffe2_architecture(blobs: Mapping[str, np.ndarray]) -> BackboneConfig:
    """The backbone's depths, widths and temporal blocks; the fusion is the published one.

    Raises:
        UserError: the blobs are not those of such a backbone.
    """
    depths, temporal_blocks = [], []
    try:
        width, fast = blobs["conv1_w"].shape[0], blobs["t_conv1_w"].shape[0]
        for stage in (2, 3, 4, 5):
            kernels = [blobs[f"t_res{stage}_0_branch2a_w"].shape[2]]
            while (blob := blobs.get(f"t_res{stage}_{len(kernels)}_branch2a_w")) is not None:
                kernels.append(blob.shape[2])
            depths.append(len(kernels))
            temporal_blocks.append(sum(kernel > 1 for kernel in kernels))
        return BackboneConfig(tuple(depths), tuple(temporal_blocks), width, width // fast)
    except KeyError as error:
        raise UserError(f"this is no SlowFast backbone: it has no blob named {error}") from error
    except (IndexError, ZeroDivisionError, ValueError) as error:
        raise UserError("this is no SlowFast backbone: its blobs have strange shapes") from error


def load_backbone(
    state: nnx.State,
    blobs: Mapping[str, np.ndarray],
    config: ModelConfig,
    source: str | Path = "the file",
    name_of: Callable[[str, BackboneConfig], str] = blob_name,
) -> tuple[nnx.State, dict[str, str]]:
    """The model's state with its backbone from the file; errors name it by its `source`.

    `name_of` a released tensor is the name that it has in the file.

    Returns the state, and for every released name of the backbone what became of it: "copied",
    "adapted" or "initial".

    Raises:
        UserError: one message with every missing, surplus, misshapen or non-finite blob.
    """
    outcomes: dict[str, str] = {}
    in_the_file = []
    for path, variable in nnx.to_flat_state(state):
        if path[0] == "backbone":
            outcomes[released_name(path, config)] = "initial"
            if not BEYOND_SLOWFAST.search(released_name(path, config)):
                in_the_file.append((path, variable))

    def names_of(path: Any) -> list[str]:
        return [name_of(released_name(path, config), config.backbone)]

    def fit_parameter(parameter: Parameter, blob: np.ndarray) -> np.ndarray | None:
        path, variable = parameter
        released = released_name(path, config)
        axes = released_axes(".".join(map(str, path)), variable[...].ndim, config)
        initial = np.asarray(variable[...]).transpose(np.argsort(axes))
        fitted = fit(np.asarray(blob, np.float32), initial, released)
        if fitted is None:
            return None
        value, outcomes[released] = fitted
        return value.transpose(axes)

    def shape_of(parameter: Parameter) -> tuple[int, ...]:
        path, variable = parameter
        return released_shape(".".join(map(str, path)), variable.shape, config)

    placed = place_tensors(in_the_file, blobs, names_of, fit_parameter, shape_of, source)
    return nnx.from_flat_state(dict(nnx.to_flat_state(state)) | placed), outcomes


def released_name(path: Any, config: ModelConfig) -> str:
    """Of a parameter of the backbone."""
    return released_names(".".join(map(str, path)), config)[0]


def fit(blob: np.ndarray, initial: np.ndarray, released: str) -> tuple[np.ndarray, str] | None:
    """The blob in the shape of the parameter, and how; None where nothing sensible can be done."""
    if blob.shape == initial.shape:
        return blob, "copied"
    if released.endswith("_fuse.conv_f2s.weight"):
        return initial, "initial"
    if blob.ndim != initial.ndim or blob.size == 0:
        return None
    if blob.ndim == 1:
        copies, rest = divmod(len(initial), len(blob))
        fusion = "_fuse." in released
        return (np.tile(blob, copies), "adapted") if fusion and not rest else None
    if initial.shape[2] == 1:
        blob = blob[:, :, :1]  # a temporal kernel over a spatial one: its first slice
    if blob.shape[0] != initial.shape[0] or blob.shape[2:] != initial.shape[2:]:
        return None
    shared = min(blob.shape[1], initial.shape[1])  # the fusion decides how many come in
    adapted = initial.copy()
    adapted[:, :shared] = blob[:, :shared]
    return adapted, "adapted"


def summary(outcomes: Mapping[str, str]) -> str:
    """One line for people."""
    by_kind: dict[str, list[str]] = {"copied": [], "adapted": [], "initial": []}
    for released, how in outcomes.items():
        by_kind[how].append(released.removeprefix("conv2d."))
    return (
        f"{len(by_kind['copied'])} tensors copied, {len(by_kind['adapted'])} adapted to this "
        f"fusion ({first_names(by_kind['adapted'])}), {len(by_kind['initial'])} not in the file "
        f"and left at their initial value ({first_names(by_kind['initial'])})"
    )
