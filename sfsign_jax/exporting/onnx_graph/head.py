"""From features per frame to logits per step."""

import numpy as np
from jaxtyping import Float
from spox import Var

from sfsign_jax.exporting.onnx_graph.operators import floats, integers, op, values
from sfsign_jax.models.temporal import (
    LSTM_LAYERS,
    BiLSTM,
    CosineClassifier,
    LinearClassifier,
    LSTMCell,
    TemporalConv,
)

GATES = [0, 3, 1, 2]  # ONNX's i, o, f, g in PyTorch's i, f, g, o, which ours are in


def temporal_steps(
    features: Float[Var, "t c"], temporal_conv: TemporalConv
) -> Float[Var, "steps hidden"]:
    x = op.unsqueeze(op.transpose(features, perm=[1, 0]), integers(0))
    index = 0
    for layer in temporal_conv.stack:
        size = int(layer[1:])
        if layer[0] == "K":
            conv, norm = (temporal_conv.layers[str(i)] for i in (index, index + 1))
            bias = values(conv.bias) + values(norm.bias)
            x = op.relu(op.conv(x, floats(values(conv.kernel).T), floats(bias)))
        else:
            x = op.max_pool(x, kernel_shape=[size], strides=[size])[0]
        index += 3 if layer[0] == "K" else 1
    return op.transpose(op.squeeze(x, integers(0)), perm=[1, 0])


def recurrent(x: Float[Var, "steps hidden"], bilstm: BiLSTM) -> Float[Var, "steps hidden"]:
    for layer in range(LSTM_LAYERS):
        cells = [bilstm.cells[f"l{layer}{direction}"] for direction in ("", "_reverse")]
        of_hidden = stacked(cells, "kernel_hh")
        biases = [stacked(cells, name) for name in ("bias_ih", "bias_hh")]
        hidden = of_hidden.shape[2]
        both, _, _ = op.lstm(
            op.unsqueeze(x, integers(1)),  # a batch of one clip
            floats(stacked(cells, "kernel_ih")),
            floats(of_hidden),
            floats(np.concatenate(biases, axis=1)),
            hidden_size=hidden,
            direction="bidirectional",
        )
        x = op.reshape(both, integers(-1, 2 * hidden))
    return x


def stacked(cells: list[LSTMCell], name: str) -> Float[np.ndarray, "2 4*hidden *inputs"]:
    """An array of each cell as ONNX has it: the rows of its gates before their inputs."""
    arrays = [values(getattr(cell, name)).T for cell in cells]
    return np.stack(
        [np.concatenate([np.split(array, 4)[gate] for gate in GATES]) for array in arrays]
    )


def class_logits(
    x: Float[Var, "steps hidden"], classifier: CosineClassifier | LinearClassifier
) -> Float[Var, "steps classes"]:
    kernel = values(classifier.kernel)
    if isinstance(classifier, LinearClassifier):
        return op.add(op.matmul(x, floats(kernel)), floats(values(classifier.bias)))
    norm = np.sqrt(np.maximum(np.square(kernel).sum(0), 1e-24))
    return op.matmul(x, floats(kernel / norm))
