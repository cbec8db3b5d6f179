"""Oracle: the same function without it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.runtime import compilation


def chain(x, *, power):
    return jnp.maximum(x @ x * 2 + 1, 0) ** power


def test_compiled_otherwise_it_computes_the_same():
    x = jax.random.normal(jax.random.key(0), (64, 64))
    ours = compilation.jit_forward(chain, static_argnames=("power",))
    np.testing.assert_allclose(ours(x, power=2), chain(x, power=2), rtol=1e-5)
    assert ours.__name__ == "chain"


@pytest.mark.parametrize("options_of", [compilation.FORWARD, compilation.TRAINING])
def test_this_version_of_xla_knows_the_options(options_of):
    options = options_of.get(jax.default_backend(), {})
    assert compilation.known_options(**options) == options


def test_an_option_that_xla_does_not_know_is_left_out():
    unknown = {"xla_cpu_no_such_option": "1"}
    assert compilation.known_options(**unknown, **compilation.BARRIERS) == compilation.BARRIERS
    assert compilation.jit(lambda x: x + 1, {"cpu": unknown})(1) == 2


def test_barriers_outlast_the_options():
    def squared(x):
        return jax.lax.optimization_barrier(x + 1) ** 2

    program = compilation.jit_training(squared).program().lower(1.0).compile()
    assert "opt-barrier" in program.as_text()
    assert program(1.0) == 4
