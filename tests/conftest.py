"""Small networks run once each: compiling them quickly matters more than running them quickly."""

import os

import jax

jax.config.update("jax_disable_most_optimizations", True)
# Eight devices, for the tests of data parallelism.
jax.config.update("jax_num_cpu_devices", 8)


def pytest_configure(config):
    """Programs are compiled once for all workers, commands and runs of the tests."""
    programs = str(config.cache.mkdir("programs"))
    os.environ["JAX_COMPILATION_CACHE_DIR"] = programs
    jax.config.update("jax_compilation_cache_dir", programs)
