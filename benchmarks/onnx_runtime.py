"""A forward pass of the exported ONNX file by ONNX Runtime beside ours, in turn.

python benchmarks/onnx_runtime.py [--rounds 5] [--frames 64]

The published network with random weights, one clip of random pixels, each side in a process of its
own.
"""

import argparse
import functools

from contestants import CLASSES, Round, Work, clips_of, ours
from measure import in_turn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=64)
    arguments = parser.parse_args()
    work = Work(training=False, clips=1, frames=arguments.frames, size=224)
    sides = {name: functools.partial(side, work) for name, side in SIDES.items()}
    figures = in_turn(sides, arguments.rounds)
    print("| | median | of ours |\n|---|---|---|")
    for name, side in figures.items():
        print(f"| {name} | {side.seconds:.4g} s | {figures['ours'].seconds / side.seconds:.2f} |")


def onnx_runtime(work: Work) -> Round:
    from flax import nnx
    from onnxruntime import InferenceSession

    from sfsign_jax.data.transforms import Preprocessing
    from sfsign_jax.exporting.onnx_file import onnx_model
    from sfsign_jax.models.config import ModelConfig
    from sfsign_jax.models.sign_model import for_inference, new_model
    from sfsign_jax.recognition.network import Network

    model = for_inference(new_model(ModelConfig(CLASSES)))
    size = (work.size, work.size)
    network = Network(nnx.state(model), model.config, Preprocessing(size, size))
    session = InferenceSession(onnx_model(network).SerializeToString())
    [frames] = clips_of(work)
    return lambda: session.run(None, {"frames": frames})


SIDES = {"ours": ours, "ONNX Runtime": onnx_runtime}

if __name__ == "__main__":
    main()
