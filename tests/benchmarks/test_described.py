"""Oracle: the compiler of TPUs, which needs none: a small network's programs compile and fit."""

import pytest
from own_process import ROOT, run_program

# Beside the other packages: where libtpu can be imported, JAX looks for a TPU whenever it starts.
LIBTPU = ROOT / ".venv" / "libtpu"

PROGRAM = """
import functools
import described
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.training import Recipe

accelerator = described.ACCELERATORS["v5e"]
mesh = described.described_mesh(described.devices_of(accelerator, 1))
backbone = BackboneConfig((1, 2, 1, 1), (1, 2, 1, 1), width=8)
options = {
    "platform": "tpu",
    "config": ModelConfig(9, backbone, hidden_size=32, pathway_enhancement=False),
    "recipe": Recipe(steps_per_epoch=1, crop_size=(32, 32), compute_dtype="bfloat16"),
    "shape": described.Shape(1, 8),
}
for name, trace in described.PROGRAMS.items():
    trace = functools.partial(trace, **options)
    print(trace(mesh).lower().as_text())
    print("FIGURES", *described.measure(accelerator, mesh, trace))
"""


@pytest.mark.slow
def test_programs_for_a_tpu_compile_and_fit():
    if not LIBTPU.is_dir():
        pytest.skip("no libtpu here: make .venv/libtpu")
    printed = run_program(PROGRAM, LIBTPU, ROOT / "benchmarks")
    lines = printed.splitlines()
    figures = [line.split()[1:] for line in lines if line.startswith("FIGURES")]
    assert [float(memory) < 1 for *_, memory, _, _, _, _ in figures] == [True, True]  # GB
    assert "f64" not in printed
    assert "callback" not in printed
