"""Small networks run once each: compiling them quickly matters more than running them quickly."""

import jax

jax.config.update("jax_disable_most_optimizations", True)
# Eight devices, for the tests of data parallelism.
jax.config.update("jax_num_cpu_devices", 8)
