"""From features per frame to logits per step: temporal convolutions, BiLSTM, classifier."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax
from jaxtyping import Float, Int

from sfsign_jax.models.batch_norm import BatchNorm
from sfsign_jax.models.initializers import Rng, torch_uniform, xavier_uniform
from sfsign_jax.models.lengths import floor_divide
from sfsign_jax.models.lowering import mask_time, matmul, relu, stack_time_taps

LSTM_LAYERS = 2


class Convolution1D(nnx.Module):
    """A convolution over time with bias and no padding."""

    def __init__(self, in_channels: int, out_channels: int, size: int, *, rng: Rng):
        self.kernel = nnx.Param(
            torch_uniform(rng, (size, in_channels, out_channels), size * in_channels)
        )
        self.bias = nnx.Param(torch_uniform(rng, (out_channels,), size * in_channels))

    def __call__(self, x: Float[Array, "b t i"]) -> Float[Array, "b t-size+1 o"]:
        size, in_channels, out_channels = self.kernel[...].shape
        kernel = self.kernel[...].astype(x.dtype).reshape(size * in_channels, out_channels)
        return matmul(stack_time_taps(x, size), kernel) + self.bias[...].astype(x.dtype)


class TemporalConv(nnx.Module):
    """A stack such as K5, P2, K5, P2: convolution, batch norm and ReLU, or max-pool, over time.

    The layers carry their index in the released files, where a K counts three and a P one.
    """

    def __init__(self, in_channels: int, hidden: int, stack: tuple[str, ...], *, rng: Rng):
        self.stack = stack
        self.layers: nnx.Dict = nnx.Dict()
        index = 0
        for layer in stack:
            if layer[0] == "K":
                conv = Convolution1D(in_channels, hidden, int(layer[1:]), rng=rng)
                self.layers[str(index)] = conv
                self.layers[str(index + 1)] = BatchNorm(hidden)
                in_channels = hidden
            index += 3 if layer[0] == "K" else 1

    def __call__(
        self, x: Float[Array, "b t c"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b steps hidden"]:
        index = 0
        for layer in self.stack:
            size = int(layer[1:])
            if layer[0] == "K":
                length = length - (size - 1)
                x = self.layers[str(index)](x)
                x = relu(self.layers[str(index + 1)](x, length, train))
            else:
                length = floor_divide(length, size)
                x = nnx.max_pool(x, (size,), strides=(size,))
            index += 3 if layer[0] == "K" else 1
        return x


class LSTMCell(nnx.Module):
    """The weights of one layer in one direction; gates in PyTorch's order i, f, g, o."""

    def __init__(self, in_channels: int, hidden: int, *, rng: Rng):
        self.kernel_ih = nnx.Param(torch_uniform(rng, (in_channels, 4 * hidden), hidden))
        self.kernel_hh = nnx.Param(torch_uniform(rng, (hidden, 4 * hidden), hidden))
        # Two biases do one's work, but weight decay and Adam see two, as in the released files.
        self.bias_ih = nnx.Param(torch_uniform(rng, (4 * hidden,), hidden))
        self.bias_hh = nnx.Param(torch_uniform(rng, (4 * hidden,), hidden))


def reverse_clips(x: Float[Array, "b t c"], length: Int[Array, " b"]) -> Float[Array, "b t c"]:
    """Each clip's own steps last to first; the steps past its end stay where they are."""
    steps = jnp.arange(x.shape[1])
    last = length[:, None] - 1
    index = jnp.where(steps <= last, last - steps, steps)
    return jnp.take_along_axis(x, index[..., None], axis=1)


def run_lstms(
    cells: Sequence[LSTMCell], sequences: Sequence[Float[Array, "b t i"]]
) -> list[Float[Array, "b t hidden"]]:
    """Each cell over all steps of its own sequence, from a zero state; side by side."""
    dtype = sequences[0].dtype

    def stacked(name: str) -> Array:
        return jnp.stack([getattr(cell, name)[...] for cell in cells]).astype(dtype)

    # Not one product of all: a CPU would copy the kernels, the largest arrays of the network.
    of_input = jnp.stack(
        [
            matmul(x, cell.kernel_ih[...].astype(dtype))
            for x, cell in zip(sequences, cells, strict=True)
        ]
    )
    bias = stacked("bias_ih") + stacked("bias_hh")
    outputs = recur(jnp.moveaxis(of_input, 2, 0) + bias[:, None], stacked("kernel_hh"))
    return [*jnp.moveaxis(outputs, 0, 2)]


@jax.custom_vjp
def recur(
    inputs: Float[Array, "t cells b 4*hidden"], kernels: Float[Array, "cells hidden 4*hidden"]
) -> Float[Array, "t cells b hidden"]:
    """The cells' outputs from what their gates get of the input.

    The gradient of the kernels is one product after the loop, not a sum that grows with each step.
    """

    def step(carry, gates):
        hidden, memory = carry
        i, f, g, o = jnp.split(gates + hidden @ kernels, 4, axis=-1)
        memory = nnx.sigmoid(f) * memory + nnx.sigmoid(i) * jnp.tanh(g)
        hidden = nnx.sigmoid(o) * jnp.tanh(memory)
        return (hidden, memory), hidden

    zeros = jnp.zeros((*inputs.shape[1:3], kernels.shape[1]), inputs.dtype)
    return lax.scan(step, (zeros, zeros), inputs)[1]


def recur_forward(inputs, kernels):
    outputs, of_inputs = jax.vjp(lambda inputs: recur.fun(inputs, kernels), inputs)
    return outputs, (of_inputs, outputs)


def recur_backward(saved, upstream):
    of_inputs, outputs = saved
    (gates,) = of_inputs(upstream)
    before = jnp.pad(outputs[:-1], ((1, 0), (0, 0), (0, 0), (0, 0)))
    return gates, jnp.einsum("tcbh,tcbg->chg", before, gates)


recur.defvjp(recur_forward, recur_backward)


class BiLSTM(nnx.Module):
    """Two bidirectional layers; the reverse direction starts at each clip's own last step."""

    def __init__(self, hidden: int, dropout: float, *, rng: Rng):
        self.cells = nnx.Dict(
            {
                f"l{layer}{direction}": LSTMCell(hidden, hidden // 2, rng=rng)
                for layer in range(LSTM_LAYERS)
                for direction in ("", "_reverse")
            }
        )
        self.dropout = nnx.Dropout(dropout)

    def __call__(
        self, x: Float[Array, "b t hidden"], length: Int[Array, " b"], key: Array | None
    ) -> Float[Array, "b t hidden"]:
        """Outputs past a clip's end are 0; `key` None means no dropout."""
        return run_bilstms([self], [x], length, [key])[0]


def run_bilstms(
    bilstms: Sequence[BiLSTM],
    sequences: Sequence[Float[Array, "b t hidden"]],
    length: Int[Array, " b"],
    keys: Sequence[Array | None],
) -> list[Float[Array, "b t hidden"]]:
    """Each over its own sequence; side by side, since a step is little work for a device."""
    outputs = list(sequences)
    for layer in range(LSTM_LAYERS):
        if layer > 0:
            outputs = [
                bilstm.dropout(x, deterministic=key is None, rngs=key)
                for bilstm, x, key in zip(bilstms, outputs, keys, strict=True)
            ]
        names = (f"l{layer}", f"l{layer}_reverse")
        cells = [bilstm.cells[name] for name in names for bilstm in bilstms]
        both = run_lstms(cells, [*outputs, *(reverse_clips(x, length) for x in outputs)])
        forward, backward = both[: len(bilstms)], both[len(bilstms) :]
        outputs = [
            jnp.concatenate([one, reverse_clips(other, length)], axis=-1)
            for one, other in zip(forward, backward, strict=True)
        ]
    return [mask_time(x, length) for x in outputs]


class CosineClassifier(nnx.Module):
    """x · W with every column of W at unit length: the published "weight norm" classifier."""

    def __init__(self, hidden: int, classes: int, *, rng: Rng):
        self.kernel = nnx.Param(xavier_uniform(rng, (hidden, classes), gain=math.sqrt(2)))

    def __call__(self, x: Float[Array, "b t hidden"]) -> Float[Array, "b t classes"]:
        kernel = self.kernel[...]
        # The maximum is taken of the squares, so that an all-zero column has a finite gradient.
        norm = jnp.sqrt(jnp.maximum(jnp.square(kernel).sum(0), 1e-24))
        return x @ (kernel / norm).astype(x.dtype)


class LinearClassifier(nnx.Module):
    def __init__(self, hidden: int, classes: int, *, rng: Rng):
        self.kernel = nnx.Param(torch_uniform(rng, (hidden, classes), hidden))
        self.bias = nnx.Param(torch_uniform(rng, (classes,), hidden))

    def __call__(self, x: Float[Array, "b t hidden"]) -> Float[Array, "b t classes"]:
        return x @ self.kernel[...].astype(x.dtype) + self.bias[...].astype(x.dtype)
