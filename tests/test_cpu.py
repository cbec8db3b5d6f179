"""Oracle: the same function without it, and the kernel's count of page faults."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax import cpu


@pytest.fixture
def fresh_options():
    cpu.compiler_options.cache_clear()
    yield
    cpu.compiler_options.cache_clear()


def chain(x, *, power):
    return jnp.maximum(x @ x * 2 + 1, 0) ** power


def test_compiled_otherwise_it_computes_the_same():
    x = jax.random.normal(jax.random.key(0), (64, 64))
    ours = cpu.jit_forward(chain, static_argnames=("power",))
    np.testing.assert_allclose(ours(x, power=2), chain(x, power=2), rtol=1e-5)
    assert ours.__name__ == "chain"


@pytest.mark.usefixtures("fresh_options")
def test_this_version_of_xla_knows_the_options():
    assert cpu.compiler_options() == cpu.COMPILER_OPTIONS


@pytest.mark.usefixtures("fresh_options")
def test_options_that_xla_does_not_know_are_left_out(monkeypatch):
    monkeypatch.setattr(cpu, "COMPILER_OPTIONS", {"xla_cpu_no_such_option": "1"})
    assert cpu.compiler_options() is None
    assert cpu.jit_forward(lambda x: x + 1)(1) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
@pytest.mark.parametrize("keep", [False, True])
def test_kept_memory_is_not_fetched_again(keep):
    """50,000 pages are used and freed twice; how many are fetched the second time?"""
    code = f"""
import resource
from sfsign_jax import cpu
if {keep}:
    cpu.keep_freed_memory()
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(2):
    before = used()
    data = bytearray(50_000 * 4096)
    data[::4096] = bytes(50_000)
    del data
    faults = used() - before
print(faults)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert (int(result.stdout) < 5_000) == keep
