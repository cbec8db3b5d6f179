"""Writes a recogniser as an ONNX file: the network, and what one has to know of it as metadata."""

import dataclasses
import importlib.metadata
import json
from pathlib import Path

import numpy as np
import onnx
import spox

from sfsign_jax.exporting.onnx_graph import clip_logits
from sfsign_jax.files import replacing
from sfsign_jax.models.config import BLANK_CLASS
from sfsign_jax.models.lengths import total_stride
from sfsign_jax.models.sign_model import for_inference
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

IR_VERSION = 8  # of the same year as the operators


def write_onnx(path: Path, recognizer: Recognizer) -> None:
    """See docs/onnx.md for what is in the file.

    Raises:
        UserError: the recogniser has no vocabulary, or nothing can be written there.
    """
    preprocessing = recognizer.preprocessing
    about = {
        "vocabulary": recognizer.required_vocabulary(),
        "blank": BLANK_CLASS,
        "frame_size": preprocessing.frame_size,
        "frame_rate": preprocessing.frame_rate,
        "frames_per_step": total_stride(recognizer.config.temporal_stack),
        "timing": dataclasses.asdict(recognizer.timing),
    }
    model = onnx_model(recognizer.network)
    texts = {key: json.dumps(value, ensure_ascii=False) for key, value in about.items()}
    onnx.helper.set_model_props(model, texts)
    with replacing(path) as temporary:
        onnx.save(model, temporary)


def onnx_model(network: Network) -> onnx.ModelProto:
    """From `frames` to `logits` (the BiLSTM's) and `conv_logits`."""
    model = network.model()
    if not network.config.for_inference:
        model = for_inference(model)
    size = network.preprocessing.frame_size
    frames = spox.argument(spox.Tensor(np.uint8, ("frames", *size, 3)))
    logits, conv_logits = clip_logits(frames, model, network.preprocessing)
    built = spox.build({"frames": frames}, {"logits": logits, "conv_logits": conv_logits})
    built.ir_version = IR_VERSION
    built.producer_name = "sfsign_jax"
    built.producer_version = importlib.metadata.version("sfsign-jax")
    return built
