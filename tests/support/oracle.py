"""Our model and the PyTorch statement of it, with the same random weights."""

import dataclasses

import numpy as np
import torch
import torch_reference as reference

from sfsign_jax.conversion.pytorch import convert_tensors
from sfsign_jax.models.config import BackboneConfig, ModelConfig

SMALL = {"depths": (2, 1, 1, 1), "temporal_blocks": (1, 1, 1, 1), "width": 8, "beta_inv": 2}


def small_config(**changes) -> ModelConfig:
    names = [field.name for field in dataclasses.fields(BackboneConfig)]
    backbone = {**SMALL, **{name: changes.pop(name) for name in names if name in changes}}
    fields = {"num_classes": 7, "hidden_size": 8, "feature_dropout": 0.0, "lstm_dropout": 0.0}
    return ModelConfig(backbone=BackboneConfig(**backbone), **fields | changes)


def oracle_of(config: ModelConfig, seed: int = 0) -> reference.SlowFastSign:
    """With random statistics and scales, so that no part of the network is switched off."""
    torch.manual_seed(seed)
    backbone = config.backbone
    model = reference.SlowFastSign(
        reference.Config(
            num_classes=config.num_classes,
            depths=backbone.depths,
            temporal_blocks=backbone.temporal_blocks,
            width=backbone.width,
            beta_inv=backbone.beta_inv,
            alpha=backbone.alpha,
            fusion=backbone.fusion,
            fusion_ratio=backbone.fusion_ratio,
            stack=config.temporal_stack,
            hidden_size=config.hidden_size,
            pfe=config.pathway_enhancement,
            share_classifier=config.share_classifier,
            weight_norm=config.weight_norm,
            head_dropout=0.0,
            lstm_dropout=0.0,
        )
    )
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("running_var") or ("bn" in name and name.endswith("weight")):
                tensor.uniform_(0.5, 1.5)
            elif name.endswith(("running_mean", "bias", "weight_s", "weight_f")):
                tensor.uniform_(-0.3, 0.3)
    return model.eval()


def released_tensors(model: reference.SlowFastSign) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def state_of(config: ModelConfig, model: reference.SlowFastSign):
    return convert_tensors(released_tensors(model), config)[1]
