"""Writes a recogniser as one file: program, weights, vocabulary, and the code that runs them."""

import functools
import inspect
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import flatbuffers
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, UInt8

from sfsign_jax.data.batching import LENGTH_MULTIPLE
from sfsign_jax.decoding import Timing, beam_search, place_glosses
from sfsign_jax.exporting import loader
from sfsign_jax.files import replacing
from sfsign_jax.models.lengths import moved, total_stride, video_length
from sfsign_jax.recognition.recognizer import Recognizer


def write_artifact(path: Path, recognizer: Recognizer, platforms: Sequence[str]) -> None:
    """A zip file that Python runs (see `loader`); `platforms` are those the program is lowered for.

    Raises:
        UserError: the recogniser has no vocabulary, or nothing can be written there.
    """
    vocabulary = recognizer.required_vocabulary()
    preprocessing = recognizer.preprocessing
    weights, structure = jax.tree.flatten(recognizer.network)
    program = functools.partial(exported_program, structure=structure, timing=recognizer.timing)
    (buckets,) = jax.export.symbolic_shape("buckets", constraints=["buckets >= 1"])
    frames = (LENGTH_MULTIPLE * buckets, *preprocessing.frame_size, 3)
    exported = jax.export.export(jax.jit(program), platforms=platforms)(
        [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in weights],
        jax.ShapeDtypeStruct(frames, jnp.uint8),
        jax.ShapeDtypeStruct((), jnp.int32),
    )
    about = {
        "frame_size": preprocessing.frame_size,
        "bucket": LENGTH_MULTIPLE,
        "frame_rate": preprocessing.frame_rate,
        "vocabulary": vocabulary,
    }
    arrays = io.BytesIO()
    np.savez(arrays, *jax.device_get(weights))
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=1))
        archive.writestr("program.bin", exported.serialize())
        archive.writestr("weights.npz", arrays.getbuffer())
        archive.write(inspect.getfile(loader), "loader.py")
        archive.writestr("__main__.py", "import loader\n\nloader.main()\n")
        package = Path(inspect.getfile(flatbuffers)).parent
        for file in sorted(package.glob("*.py")):
            archive.write(file, f"flatbuffers/{file.name}")


def exported_program(
    weights: list[Array],
    frames: UInt8[Array, "n height width 3"],
    num_frames: Int[Array, ""],
    *,
    structure: jax.tree_util.PyTreeDef,
    timing: Timing,
) -> dict[str, Array]:
    """From stored frames to the best sequences, and where the glosses of the first one stand.

    Entries of `best` and `spans` from lengths[0] on mean nothing.
    """
    network = jax.tree.unflatten(structure, weights)
    stored = without_top_rows_on_device(frames, network.preprocessing.drop_top_rows)
    model = network.model()
    features = model.frame_features(network.centre_crops(stored[None]), num_frames[None])
    stack = network.config.temporal_stack
    stride, length = total_stride(stack), video_length(num_frames[None], stack)
    phases = moved(features, length, stride)[:, 0]
    outputs = model.from_features(phases, jnp.full(stride, num_frames))
    logits, num_steps = outputs.paths["main"].sequence_logits, outputs.num_steps[0]
    conv, sequence = map(jax.nn.log_softmax, (outputs.paths["main"].conv_logits, logits))
    tokens, lengths, scores = (x[0] for x in beam_search(sequence[:1], num_steps[None]))
    spans, _ = place_glosses(
        conv, sequence, num_steps, tokens[0], lengths[0], timing=timing, num_frames=num_frames
    )
    return {
        "tokens": tokens,
        "lengths": lengths,
        "scores": scores,
        "best": tokens[0],
        "spans": spans,
        "logits": logits[0],
        "num_steps": num_steps,
    }


def without_top_rows_on_device(
    frames: UInt8[Array, "n height width 3"], rows: int
) -> UInt8[Array, "n height width 3"]:
    """As `drop_top_rows`, on the device."""
    if rows == 0:
        return frames
    stretched = jax.image.resize(
        frames[:, rows:].astype(jnp.float32), frames.shape, "linear", antialias=False
    )
    return jnp.round(stretched).astype(jnp.uint8)
