"""Oracle: the same calls, compiled when they are made."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.runtime import ahead
from sfsign_jax.runtime.ahead import Call, compiled_ahead
from sfsign_jax.runtime.compilation import jit_forward
from sfsign_jax.runtime.mesh import clip_mesh

MESH = clip_mesh(1)


def power_function():
    """x ** power, and the sizes it was traced for."""
    traced = []

    def power_of(tree, *, power):
        traced.append(tree["x"].shape)
        return tree["x"] ** power

    return jit_forward(power_of, static_argnames=("power",)), traced


def call_of(function, size, power=2):
    shape = jax.ShapeDtypeStruct((size,), jnp.float32)
    return Call(f"{size} numbers", function, ({"x": shape},), {"power": power})


def test_calls_find_their_programs_and_others_are_compiled_as_ever():
    function, traced = power_function()
    with compiled_ahead([call_of(function, size) for size in (3, 4)], MESH) as programs:
        for size in (4, 3, 4):
            np.testing.assert_array_equal(function({"x": np.full(size, 3.0)}, power=2), [9] * size)
        assert traced == [(3,), (4,)]
        assert str(programs) == ""
        programs.check()
        np.testing.assert_array_equal(function({"x": np.full(5, 2.0)}, power=2), [4] * 5)
        np.testing.assert_array_equal(function({"x": np.full(3, 2.0)}, power=3), [8] * 3)
    assert not function.ahead


def test_the_first_runs_while_the_second_is_traced():
    go_on = threading.Event()

    def doubled(x):
        if x.shape == (2,):
            go_on.wait(10)
        return 2 * x

    function = jit_forward(doubled)
    calls = [
        Call("", function, (jax.ShapeDtypeStruct((size,), jnp.float32),), {}) for size in (1, 2)
    ]
    with compiled_ahead(calls, MESH) as programs:
        np.testing.assert_array_equal(function(np.ones(1, np.float32)), [2])
        assert str(programs) == "1/2"
        go_on.set()
        np.testing.assert_array_equal(function(np.ones(2, np.float32)), [2, 2])


def test_what_does_not_fit_or_compile_is_told_before_it_is_needed(monkeypatch):
    def does_not_trace(x):
        raise ValueError("no such axis")

    function = jit_forward(does_not_trace)
    calls = [Call("", function, (jax.ShapeDtypeStruct((), jnp.float32),), {})]
    with compiled_ahead(calls, MESH) as programs:
        with pytest.raises(ValueError, match="no such axis"):
            function(np.float32(1))
        with pytest.raises(ValueError, match="no such axis"):
            programs.check()

    monkeypatch.setattr(ahead, "memory_limit", lambda mesh: 10)
    function, _ = power_function()
    with (
        compiled_ahead([call_of(function, 3)], MESH),
        pytest.raises(UserError, match=r"3 numbers does not fit the device \(0.0 of 0.0 GB\)"),
    ):
        function({"x": np.ones(3, np.float32)}, power=2)


def test_it_ends_with_its_context_though_not_all_is_compiled():
    function, traced = power_function()
    with compiled_ahead([call_of(function, size) for size in range(1, 50)], MESH):
        function({"x": np.ones(1, np.float32)}, power=2)
    assert len(traced) < 49
    np.testing.assert_array_equal(function({"x": np.full(49, 2.0)}, power=2), [4] * 49)
