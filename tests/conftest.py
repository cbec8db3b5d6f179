"""Small networks run once each: compiling them quickly matters more than running them quickly."""

import os

import jax

# Of the code for a CPU: loops made by LLVM alone, in one piece; half the time to compile.
QUICKLY = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
if jax.__version__.startswith("0.10."):  # later ones refuse the first flag, and end the process
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {QUICKLY}".strip()

# Eight devices, for the tests of data parallelism.
jax.config.update("jax_num_cpu_devices", 8)


def pytest_configure(config):
    """Programs are compiled quickly, and once for all workers, commands and runs of the tests."""
    quickly = {
        "jax_disable_most_optimizations": True,
        "jax_compilation_cache_dir": str(config.cache.mkdir("programs")),
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    for name, value in quickly.items():
        os.environ[name.upper()] = str(value)
        jax.config.update(name, value)
    # Commands that tests start would else compile all that they import, for six seconds each.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    one_thread()


def one_thread():
    """On networks this small, more threads only wait for each other (50 times slower on a busy
    machine)."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
