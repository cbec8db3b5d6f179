"""All of it: frames to the logits of both heads."""

from jaxtyping import Float, UInt8
from spox import Var

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.exporting.onnx_graph.backbone import frame_features
from sfsign_jax.exporting.onnx_graph.frames import normalized_crops
from sfsign_jax.exporting.onnx_graph.head import class_logits, recurrent, temporal_steps
from sfsign_jax.exporting.onnx_graph.lengths import padded_frames, video_length
from sfsign_jax.exporting.onnx_graph.operators import integers, op
from sfsign_jax.models.sign_model import SignModel


def clip_logits(
    frames: UInt8[Var, "n height width 3"], model: SignModel, preprocessing: Preprocessing
) -> tuple[Float[Var, "steps classes"], Float[Var, "steps classes"]]:
    """Sequence logits and conv logits of one clip, by a model that is `for_inference`.

    The clip is not filled up, so nothing is masked: its padding ends where its arrays do.
    """
    stack, path = model.config.temporal_stack, model.paths["main"]
    num_frames = op.squeeze(op.shape(frames, end=1), integers(0))
    padded = padded_frames(num_frames, stack, model.config.backbone.alpha)
    crops = op.gather(normalized_crops(frames, preprocessing), padded)
    features = frame_features(crops, model.backbone)
    length = op.unsqueeze(video_length(num_frames, stack), integers(0))
    own = op.slice(features, integers(0), length)
    steps = temporal_steps(own, path.temporal_conv)
    outputs = recurrent(steps, path.bilstm)
    return class_logits(outputs, path.classifier), class_logits(steps, path.conv_classifier)
