"""A forward pass of a small network, to ask a backend whether it can recognise at all."""

import numpy as np
from flax import nnx

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.models.sign_model import for_inference, new_model
from sfsign_jax.recognition.network import ClipLogits, Network, clip_logits


def probe_recognition() -> ClipLogits:
    """Logits of one blank clip, with every operation that recognition needs."""
    config = ModelConfig(
        num_classes=3,
        backbone=BackboneConfig(depths=(1, 1, 1, 1), temporal_blocks=(1, 1, 1, 1), width=8),
        hidden_size=8,
        pathway_enhancement=False,
    )
    model = for_inference(new_model(config))
    network = Network(nnx.state(model), model.config, Preprocessing((32, 32), (32, 32)))
    return clip_logits(network, np.zeros((1, 8, 32, 32, 3), np.uint8), np.array([8], np.int32))
