"""The network: SlowFast backbone with fusion, temporal convolutions, BiLSTM and classifiers."""

from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import num_steps, pad_clips, video_length
from sfsign_jax.models.sign_model import ModelOutputs, PathOutputs, SignModel

__all__ = [
    "ModelConfig",
    "ModelOutputs",
    "PathOutputs",
    "SignModel",
    "num_steps",
    "pad_clips",
    "video_length",
]
