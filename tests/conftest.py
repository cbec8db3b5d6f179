"""Small networks run once each: compiling them quickly matters more than running them quickly."""

import os

import jax

# Eight devices, for the tests of data parallelism.
jax.config.update("jax_num_cpu_devices", 8)


def pytest_configure(config):
    """Programs are compiled quickly, and once for all workers, commands and runs of the tests."""
    quickly = {
        "jax_disable_most_optimizations": True,
        "jax_compilation_cache_dir": str(config.cache.mkdir("programs")),
    }
    for name, value in quickly.items():
        os.environ[name.upper()] = str(value)
        jax.config.update(name, value)
