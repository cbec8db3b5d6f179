"""The programs of a run, compiled for an accelerator that is only described: none is needed here.

python benchmarks/described.py h100 [--shapes 2x64 2x128] [--dtype bfloat16] [--devices 4]
                               [--programs step features] [--depths 1,1,1,1] [--largest]

A GPU's programs are compiled by JAX's CUDA plugin (pip install 'jax[cuda12]'), a TPU's by libtpu.
What is counted is the compiler's own account of the program: seconds to lower and to compile it,
kernels, memory, bytes moved and FLOP. Speed is not: that needs the device. Nor is a GPU's tuning,
the choice among cuDNN's and cuBLAS's algorithms, in which XLA runs each of them.
"""

import argparse
import contextlib
import dataclasses
import functools
import importlib.util
import os
import resource
import time
from collections.abc import Callable
from typing import Any, NamedTuple

# Before JAX starts a backend: nothing runs here, it is only compiled.
os.environ |= {
    "JAX_PLATFORMS": "cpu",
    "TPU_SKIP_MDS_QUERY": "1",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",  # nobody holds a TPU
}

import jax
import jax.numpy as jnp
import numpy as np
from hlo import account_of
from jax.experimental import topologies
from jax.sharding import AxisType, Mesh

from sfsign_jax.command_line.arguments import whole
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.transforms import CROP_MULTIPLE, Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import STAGES, BackboneConfig, ModelConfig
from sfsign_jax.models.packing import pack_vectors
from sfsign_jax.models.sign_model import abstract_model
from sfsign_jax.recognition.network import Network, frame_features
from sfsign_jax.runtime.ahead import memory_needed
from sfsign_jax.runtime.mesh import CLIPS, sharding, use_mesh
from sfsign_jax.training import Recipe, train_step
from sfsign_jax.training.state import train_state_of

CLASSES = 1296
MAX_LABELS = 32

GPU = """
gpu_device_info {{
  cuda_compute_capability {{ major: {capability[0]} minor: {capability[1]} }}
  threads_per_block_limit: 1024
  threads_per_warp: 32
  shared_memory_per_block: 49152
  shared_memory_per_core: {shared}
  shared_memory_per_block_optin: {shared_optin}
  threads_per_core_limit: {threads}
  core_count: {cores}
  fpus_per_core: 128
  block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535
  block_dim_limit_z: 65535
  memory_bandwidth: {bandwidth}
  l2_cache_size: {cache}
  clock_rate_ghz: {clock}
  device_memory_size: {memory}
  registers_per_core_limit: 65536
  registers_per_block_limit: 65536
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 8 patch: 0 }}
runtime_version {{ major: 12 minor: 8 patch: 0 }}
device_description_str: "{name}"
"""
H100 = GPU.format(
    name="NVIDIA H100 80GB HBM3",
    capability=(9, 0),
    shared=233472,
    shared_optin=232448,
    threads=2048,
    cores=132,
    bandwidth=3352320000000,
    cache=52428800,
    clock=1.98,
    memory=80 * 10**9,
)
A5000 = GPU.format(
    name="NVIDIA RTX A5000",
    capability=(8, 6),
    shared=102400,
    shared_optin=101376,
    threads=1536,
    cores=64,
    bandwidth=768096000000,
    cache=6291456,
    clock=1.695,
    memory=24 * 10**9,
)


class Accelerator(NamedTuple):
    platform: str
    memory: float  # GB
    description: str  # of a GPU its properties, of a TPU the name of a topology


ACCELERATORS = {
    "h100": Accelerator("gpu", 80, H100),
    "a5000": Accelerator("gpu", 24, A5000),
    "v5e": Accelerator("tpu", 16, "v5e:2x2"),
    "v6e": Accelerator("tpu", 32, "v6e:2x2"),
}
# What is left beside the runtime's own, in a GPU's case with XLA_CLIENT_MEM_FRACTION=0.92.
USABLE = {"gpu": 0.92, "tpu": 1.0}
PACKAGES = {"gpu": ("jax_cuda12_plugin", "jax[cuda12]"), "tpu": ("libtpu", "libtpu")}


class Shape(NamedTuple):
    clips: int
    frames: int


Trace = Callable[[Mesh | None], jax.stages.Traced]  # on described devices, or on none


class Figures(NamedTuple):
    """The compiler's account of one program; of several devices, each one's."""

    lowering: float  # seconds
    compilation: float  # seconds
    processor: float  # seconds of all threads that compiled
    kernels: int  # in the program; those of a loop's body once
    launches: int  # of a run; those of a loop's body as often as it runs
    temporaries: float  # GB
    memory: float  # GB: arguments, results and temporaries together
    moved: float  # GB that a run reads and writes, as its arrays are (see hlo)
    told: float | None  # the same as the compiler counts it, padding included, where it tells
    tflop: float
    collectives: int


def devices_of(accelerator: Accelerator, count: int) -> list[Any]:
    """The first devices of the described ones.

    Raises:
        UserError: the package that compiles for them is missing, or there are fewer.
    """
    module, package = PACKAGES[accelerator.platform]
    if importlib.util.find_spec(module) is None:
        raise UserError(f"programs for a {accelerator.platform} need pip install '{package}'")
    if accelerator.platform == "tpu":
        topology = topologies.get_topology_desc(accelerator.description, "tpu")
    else:
        topology = topologies.get_topology_desc(
            platform="cuda", target_config=accelerator.description, topology=f"1x1x{count}"
        )
    if len(topology.devices) < count:
        raise UserError(f"--devices {count}: {len(topology.devices)} are described")
    return topology.devices[:count]


def measure(accelerator: Accelerator, mesh: Mesh, trace: Trace) -> Figures:
    """What compiling a program takes, and what it will need.

    Raises:
        UserError: it does not fit the device, and so does not compile.
    """
    # Without described devices JAX counts FLOP, in the program before XLA's own passes.
    platform = {"gpu": "cuda"}.get(accelerator.platform, accelerator.platform)
    counted = trace(None).lower(lowering_platforms=(platform,)).cost_analysis() or {}
    start = time.perf_counter()
    lowered = trace(mesh).lower()
    lowered_at, processor = time.perf_counter(), processor_seconds()
    try:
        compiled = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise UserError(f"it does not fit the device: {str(error).splitlines()[0]}") from error
    compiled_at = time.perf_counter()
    account = account_of(compiled.as_text())
    told = (compiled.cost_analysis() or {}).get("bytes accessed")
    return Figures(
        lowered_at - start,
        compiled_at - lowered_at,
        processor_seconds() - processor,
        account.kernels,
        account.launches,
        compiled.memory_analysis().temp_size_in_bytes / 1e9,
        memory_needed(compiled) / 1e9,
        account.moved / 1e9,
        told and told / 1e9,
        counted.get("flops", 0) / 1e12,
        account.collectives,
    )


def processor_seconds() -> float:
    """Of this process and of the assemblers that it started."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def on(tree: Any, mesh: Mesh | None, *axes: str) -> Any:
    """The shapes of a tree's arrays on described devices, or on none."""
    place = None if mesh is None else sharding(mesh, *axes)
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=place), tree)


def described_mesh(devices: list[Any]) -> Mesh:
    return Mesh(np.array(devices), (CLIPS,), axis_types=(AxisType.Auto,))


def trace_step(
    mesh: Mesh | None, *, platform: str, config: ModelConfig, recipe: Recipe, shape: Shape
) -> jax.stages.Traced:
    """A training step on a batch of frames as they are stored."""
    weights = abstract_model(config)[1]
    if mesh is not None:  # else to count FLOP, of a loop's body only once
        backbone = dataclasses.replace(config.backbone, stacked=True)
        config = dataclasses.replace(config, backbone=backbone)
        weights = jax.eval_shape(pack_vectors, abstract_model(config)[1])
    state = jax.eval_shape(lambda weights: train_state_of(weights, recipe), weights)
    stored = [size * 8 // 7 for size in recipe.crop_size]  # 256 for 224
    clips, frames = shape
    batch = {
        "frames": jax.ShapeDtypeStruct((clips, frames, *stored, 3), jnp.uint8),
        "corner": jax.ShapeDtypeStruct((clips, 2), jnp.int32),
        "flip": jax.ShapeDtypeStruct((clips,), jnp.bool_),
        "num_frames": jax.ShapeDtypeStruct((clips,), jnp.int32),
        "labels": jax.ShapeDtypeStruct((clips, MAX_LABELS), jnp.int32),
        "num_labels": jax.ShapeDtypeStruct((clips,), jnp.int32),
    }
    arguments = on(state, mesh), on(batch, mesh, CLIPS)
    with context(mesh):
        return train_step.program(platform).trace(*arguments, config=config, recipe=recipe)


def trace_features(
    mesh: Mesh | None, *, platform: str, config: ModelConfig, recipe: Recipe, shape: Shape
) -> jax.stages.Traced:
    """The backbone's forward pass over clips, which is nearly all of an evaluation."""
    config = dataclasses.replace(config, for_inference=True)
    stored = tuple(size * 8 // 7 for size in recipe.crop_size)
    state = on(abstract_model(config)[1], mesh)
    network = Network(state, config, Preprocessing(stored, recipe.crop_size))
    frames = jax.ShapeDtypeStruct((*shape, *stored, 3), jnp.uint8)
    num_frames = jax.ShapeDtypeStruct(shape[:1], jnp.int32)
    clips = on((frames, num_frames), mesh, CLIPS)
    with context(mesh):
        return frame_features.program(platform).trace(network, *clips, dtype=recipe.compute_dtype)


def context(mesh: Mesh | None) -> contextlib.AbstractContextManager:
    return contextlib.nullcontext() if mesh is None else use_mesh(mesh)


PROGRAMS = {"step": trace_step, "features": trace_features}


def print_largest(
    accelerator: Accelerator, mesh: Mesh, frames: int, trace: Callable[[Shape], Trace]
) -> None:
    """The most clips of so many frames whose step fits, found from one, two and a line's guess."""
    share = USABLE[accelerator.platform]

    @functools.cache
    def memory(clips: int) -> float:
        try:
            return measure(accelerator, mesh, trace(Shape(clips, frames))).memory
        except UserError:
            return float("inf")

    def fits(clips: int) -> bool:
        return clips == 0 or memory(clips) <= share * accelerator.memory

    clips = 0
    if fits(2):
        by_clip = memory(2) - memory(1)
        clips = 2 + int((share * accelerator.memory - memory(2)) / by_clip)
    elif fits(1):
        clips = 1
    while not fits(clips):
        clips -= 1
    while fits(clips + 1):
        clips += 1
    needed = "".join(f", {n}: {memory(n):.2f} GB" for n in sorted({1, 2, clips, clips + 1} - {0}))
    print(f"| {frames} frames | {clips} clips fit {accelerator.memory:g} GB{needed} |", flush=True)


def print_table(accelerator: Accelerator, mesh: Mesh, programs: dict[str, Trace]) -> None:
    print(
        "| program | lower | compile (processor) | kernels (launches) | temporaries | memory "
        f"| fits {accelerator.memory:g} GB | moved | by the compiler | TFLOP | collectives |"
    )
    print("|---" * 11 + "|")
    for name, trace in programs.items():
        try:
            print(
                f"| {name} | {row_of(measure(accelerator, mesh, trace), accelerator)} |", flush=True
            )
        except UserError as error:
            print(f"| {name} | {error} |", flush=True)


def row_of(f: Figures, accelerator: Accelerator) -> str:
    return " | ".join(
        [
            f"{f.lowering:.0f} s",
            f"{f.compilation:.0f} s ({f.processor:.0f} s)",
            f"{f.kernels} ({f.launches})",
            f"{f.temporaries:.2f} GB",
            f"{f.memory:.2f} GB",
            "yes" if f.memory <= accelerator.memory else "no",
            f"{f.moved:.1f} GB",
            "" if f.told is None else f"{f.told:.1f} GB",
            f"{f.tflop:.2f}",
            str(f.collectives),
        ]
    )


def main() -> None:
    arguments = parse_arguments()
    accelerator = ACCELERATORS[arguments.accelerator]
    for shape in arguments.shapes:
        if shape.clips % (arguments.devices * arguments.accumulation):
            raise UserError(
                f"{shape.clips} clips can't be shared by {arguments.devices} devices in "
                f"{arguments.accumulation} parts"
            )
    mesh = described_mesh(devices_of(accelerator, arguments.devices))
    backbone = BackboneConfig()
    if arguments.depths:
        backbone = BackboneConfig(arguments.depths, tuple(min(1, d) for d in arguments.depths))
    config = ModelConfig(CLASSES, backbone)
    recipe = Recipe(
        steps_per_epoch=1,
        crop_size=(arguments.size, arguments.size),
        compute_dtype=arguments.dtype,
        remat=tuple(arguments.remat),
        accumulation=arguments.accumulation,
    )
    jax.config.update("jax_default_matmul_precision", "tensorfloat32")  # as the command lines do
    print(
        f"{arguments.accelerator}, {arguments.devices} devices, {arguments.dtype}, "
        f"JAX {jax.__version__}, {os.cpu_count()} cores"
    )

    def trace(name: str, shape: Shape) -> Trace:
        return functools.partial(
            PROGRAMS[name],
            platform=accelerator.platform,
            config=config,
            recipe=recipe,
            shape=shape,
        )

    if arguments.largest:
        for shape in arguments.shapes:
            print_largest(accelerator, mesh, shape.frames, functools.partial(trace, "step"))
        return
    programs = {
        f"{name}, {shape.clips} × {shape.frames} frames": trace(name, shape)
        for name in arguments.programs
        for shape in arguments.shapes
    }
    print_table(accelerator, mesh, programs)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("accelerator", choices=ACCELERATORS)
    add("--shapes", type=shape_of, nargs="+", default=[Shape(2, 64)], help="CLIPSxFRAMES")
    add("--programs", nargs="+", choices=PROGRAMS, default=[*PROGRAMS])
    add("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    add("--devices", type=whole, default=1, help="that share a batch")
    add("--remat", nargs="*", choices=STAGES, default=[], help="stages that are computed again")
    add("--accumulation", type=whole, default=1, help="parts of a batch")
    add("--largest", action="store_true", help="the most clips of these frames whose step fits")
    add("--size", type=size_of, default=224, help="pixels, height and width")
    add("--depths", type=depths_of, help="of a smaller backbone, such as 1,1,1,1")
    return parser.parse_args()


def size_of(text: str) -> int:
    size = int(text)
    if size < CROP_MULTIPLE or size % CROP_MULTIPLE:
        raise argparse.ArgumentTypeError(f"{text} is no multiple of {CROP_MULTIPLE}")
    return size


def shape_of(text: str) -> Shape:
    return Shape(*numbers_from_one(text, "x", 2))


def depths_of(text: str) -> tuple[int, ...]:
    return numbers_from_one(text, ",", len(STAGES))


def numbers_from_one(text: str, separator: str, count: int) -> tuple[int, ...]:
    parts = text.split(separator)
    if len(parts) != count or not all(part.isdecimal() and int(part) for part in parts):
        example = separator.join(["1"] * count)
        raise argparse.ArgumentTypeError(f"{text}: numbers from 1 on are expected, as {example}")
    return tuple(map(int, parts))


if __name__ == "__main__":
    run_command_line(main)
