"""The recogniser's network: backbone, then one or three paths to logits (PFE)."""

import dataclasses
import functools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.folding import fold_batch_norms, normalized_convolutions
from sfsign_jax.models.initializers import Rng
from sfsign_jax.models.lengths import num_steps, pad_clips, padded_length, video_length
from sfsign_jax.models.lowering import mask_time
from sfsign_jax.models.mode import TrainingMode, takes_batch_statistics
from sfsign_jax.models.precision import full_precision
from sfsign_jax.models.slowfast import SlowFast
from sfsign_jax.models.stacking import stack_blocks
from sfsign_jax.models.temporal import (
    BiLSTM,
    CosineClassifier,
    LinearClassifier,
    TemporalConv,
    run_bilstms,
)

Padding = Literal["masked", "reference"]


class PathOutputs(NamedTuple):
    conv_logits: Float[Array, "b steps classes"]  # of the temporal convolutions
    sequence_logits: Float[Array, "b steps classes"]  # of the BiLSTM
    step_features: Float[Array, "b steps hidden"]  # the BiLSTM's outputs


class ModelOutputs(NamedTuple):
    paths: dict[str, PathOutputs]
    num_steps: Int[Array, " b"]  # each clip's own
    valid_steps: Int[Array, " b"]  # in reference padding the longest clip's; logits past it are 0
    features: Float[Array, "b t c"]  # per padded frame


class RecognitionHead(nnx.Module):
    """Temporal convolutions, BiLSTM and classifiers over a share of the features' channels."""

    def __init__(self, config: ModelConfig, channels: tuple[int, int], classifiers, *, rng: Rng):
        hidden = config.hidden_size
        self.start, self.stop = channels
        in_channels = self.stop - self.start
        self.temporal_conv = TemporalConv(in_channels, hidden, config.temporal_stack, rng=rng)
        self.bilstm = BiLSTM(hidden, config.lstm_dropout, rng=rng)
        self.classifier, self.conv_classifier = classifiers

    def temporal_steps(
        self, features: Float[Array, "b t c"], length: Int[Array, " b"], train: bool
    ) -> Float[Array, "b steps hidden"]:
        """What the BiLSTM reads."""
        return self.temporal_conv(features[..., self.start : self.stop], length, train)


class SignModel(nnx.Module):
    """SlowFastSign: clips of normalised frames to logits per step (ICASSP 2024, figure 1)."""

    def __init__(self, config: ModelConfig, *, rng: Rng):
        self.config = config
        self.backbone = SlowFast(config.backbone, rng=rng)
        self.dropout = nnx.Dropout(config.feature_dropout)
        new = CosineClassifier if config.weight_norm else LinearClassifier
        classifiers = None
        self.paths: nnx.Dict = nnx.Dict()
        for name, channels in config.path_channels.items():
            if classifiers is None or config.share_classifier != 2:
                classifier = new(config.hidden_size, config.num_classes, rng=rng)
                conv_classifier = classifier
                if config.share_classifier == 0:
                    conv_classifier = new(config.hidden_size, config.num_classes, rng=rng)
                classifiers = (classifier, conv_classifier)
            self.paths[name] = RecognitionHead(config, channels, classifiers, rng=rng)

    def __call__(
        self,
        frames: Float[Array, "b n h w 3"],
        num_frames: Int[Array, " b"],
        *,
        padding: Padding = "masked",
        training: TrainingMode | None = None,
    ) -> ModelOutputs:
        """Logits in f32 of clips of `num_frames` frames; the dtype of `frames` is computed in.

        Height and width are multiples of 32. In "masked" padding nothing past a clip's own video
        length is seen; in "reference" padding every clip is filled with its last frame up to the
        batch's longest. Frames of the bucket past that never show. For recognition `training` is
        None, and the main path alone runs.
        """
        features = self.frame_features(frames, num_frames, padding=padding, training=training)
        return self.from_features(features, num_frames, padding=padding, training=training)

    def frame_features(
        self,
        frames: Float[Array, "b n h w 3"],
        num_frames: Int[Array, " b"],
        *,
        padding: Padding = "masked",
        training: TrainingMode | None = None,
    ) -> Float[Array, "b t c"]:
        """The backbone's features of every padded frame, in f32 (see `__call__`)."""
        clips, length = self.padded(frames, num_frames, padding)
        return full_precision(self.backbone(clips, length, training))

    def padded(
        self, frames: Float[Array, "b n h w 3"], num_frames: Int[Array, " b"], padding: Padding
    ) -> tuple[Float[Array, "b t h w 3"], Int[Array, " b"]]:
        """What the backbone sees of clips, and up to where."""
        stack, alpha = self.config.temporal_stack, self.config.backbone.alpha
        length = valid_length(self.config, num_frames, padding)
        return mask_time(pad_clips(frames, num_frames, stack, alpha), length), length

    def from_features(
        self,
        features: Float[Array, "b t c"],
        num_frames: Int[Array, " b"],
        *,
        padding: Padding = "masked",
        training: TrainingMode | None = None,
    ) -> ModelOutputs:
        """The part after the backbone; `t` is the padded length of the bucket."""
        stack = self.config.temporal_stack
        length = valid_length(self.config, num_frames, padding)
        steps = num_steps(video_length(num_frames, stack), stack)
        valid_steps = of_longest(steps, padding)
        key = training.key if training is not None else None
        keys = [None] * (1 + len(self.paths)) if key is None else jax.random.split(key, 4)
        dropped = self.dropout(features, deterministic=key is None, rngs=keys[0])
        names = [*self.config.path_channels] if training is not None else ["main"]
        heads = [self.paths[name] for name in names]
        train = takes_batch_statistics(training)
        convolved = [head.temporal_steps(dropped, length, train) for head in heads]
        bilstms = [head.bilstm for head in heads]
        recurrent = run_bilstms(bilstms, convolved, steps, [*keys[1 : 1 + len(heads)]])
        paths = {}
        for name, head, x, y in zip(names, heads, convolved, recurrent, strict=True):
            outputs = PathOutputs(head.conv_classifier(x), head.classifier(y), y)
            paths[name] = PathOutputs(*(mask_time(z, valid_steps) for z in outputs))
        return ModelOutputs(paths, steps, valid_steps, mask_time(features, length))


def valid_length(
    config: ModelConfig, num_frames: Int[Array, " b"], padding: Padding
) -> Int[Array, " b"]:
    """Up to where each padded clip counts."""
    own = padded_length(num_frames, config.temporal_stack, config.backbone.alpha)
    return of_longest(own, padding)


def of_longest(counts: Int[Array, " b"], padding: Padding) -> Int[Array, " b"]:
    """In reference padding the longest clip's for every clip."""
    return counts if padding == "masked" else jnp.broadcast_to(counts.max(), counts.shape)


def new_model(config: ModelConfig, seed: int = 0) -> SignModel:
    """A model with random weights, initialised as in docs/specification.md, "Model"."""
    backbone = dataclasses.replace(config.backbone, stacked=False)  # to draw each block by itself
    separate = dataclasses.replace(config, backbone=backbone)
    state = nnx.state(SignModel(separate, rng=np.random.default_rng(seed)))
    # At once: `jnp.asarray` would compile a program for each shape.
    return model_with(config, jax.device_put(stack_blocks(state, config.backbone), may_alias=False))


def for_inference(model: SignModel) -> SignModel:
    """The model without the paths that only training runs, a third of all its weights.

    Its convolutions take over what batch norms do with known statistics, but for the offsets.
    """
    model = nnx.clone(model)
    model.config = dataclasses.replace(model.config, for_inference=True)
    model.paths = nnx.Dict({"main": model.paths["main"]})
    fold_batch_norms(model)
    nnx.update(model, jax.device_put(nnx.state(model)))
    return model


@functools.cache
def abstract_model(config: ModelConfig) -> tuple[nnx.GraphDef, nnx.State]:
    """The model's structure, and its state as shapes: nothing is computed."""
    model = SignModel(config, rng=None)
    if config.for_inference:
        for _, norm in normalized_convolutions(model):
            norm.leave_offset()
    graph, state = nnx.split(model)
    return graph, jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), state)


def model_with(config: ModelConfig, state: nnx.State, *more: nnx.State) -> SignModel:
    """The model that holds `state`: from arrays back to a model, inside a jitted function."""
    return nnx.merge(abstract_model(config)[0], state, *more, copy=True)
