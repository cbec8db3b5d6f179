"""Frames on disk to word error rate, beside the bare forward passes of the same batches; in turn.

python benchmarks/evaluation.py [--clips 12] [--rounds 5]

The published network with random weights on clips of the synthetic corpus.
"""

import argparse
import functools
import statistics
import tempfile
import time
from pathlib import Path

import jax
from flax import nnx

from sfsign_jax.configuration import published_config
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.frame_clips import EvaluationFrames
from sfsign_jax.data.preparation import prepare
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.evaluation import word_error_rate
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.sign_model import for_inference, new_model
from sfsign_jax.recognition.network import Network, clip_logits
from sfsign_jax.recognition.split import predict_split
from sfsign_jax.runtime.memory import keep_freed_memory
from sfsign_jax.runtime.mesh import clip_mesh, shard_batch, use_mesh
from sfsign_jax.training.from_config import batching


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare("synthetic_signs/full", folder, clips=f"1,{arguments.clips},1")
        dataset = f"synthetic_signs/full_1_{arguments.clips}_1"
        measure(open_dataset(dataset, folder), arguments)


def measure(dataset, arguments: argparse.Namespace) -> None:
    config = published_config()
    own = batching(config, config.evaluation.batch_size)
    mesh = clip_mesh(own.batch_size)
    model = for_inference(new_model(ModelConfig(len(dataset.vocabulary) + 1)))
    preprocessing = Preprocessing(dataset.frame_size, tuple(config.data.crop_size))
    network = Network(nnx.state(model), model.config, preprocessing)
    logits_of = functools.partial(clip_logits, network)
    clips = EvaluationFrames(dataset, "dev")
    order = evaluation_order(clips.lengths, "masked")
    batches = functools.partial(evaluation_batches, clips, own, order, mesh)
    loaded = list(batches())

    def forward() -> None:
        for batch in loaded:
            with use_mesh(mesh):
                inputs = shard_batch((batch.inputs, batch.num_frames), mesh)
                jax.block_until_ready(logits_of(*inputs))

    def evaluate() -> None:
        predictions = predict_split(logits_of, batches(), dataset.vocabulary, mesh)
        word_error_rate(predictions.references, predictions.sequence)

    times: dict[str, list[float]] = {"forward": [], "evaluate": []}
    forward()
    evaluate()
    for _ in range(arguments.rounds):
        for call in (forward, evaluate):
            start = time.perf_counter()
            call()
            times[call.__name__].append(time.perf_counter() - start)
    bare, whole = (statistics.median(times[name]) for name in ("forward", "evaluate"))
    frames = sum(dataset.num_frames["dev"])
    print(f"| {arguments.clips} clips, {frames} frames | median of {arguments.rounds} |\n|---|---|")
    print(f"| bare forward passes | {bare:.1f} s |")
    print(
        f"| frames on disk to word error rate | {whole:.1f} s, {bare / whole:.0%} of their speed |"
    )


if __name__ == "__main__":
    main()
