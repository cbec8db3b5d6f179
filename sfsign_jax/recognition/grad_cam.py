"""Where and when the network saw a gloss: Grad-CAM of each pathway (Selvaraju et al., ICCV 2017).

Two things differ from the paper. Every frame has its own channel weights, since a sign is made of
moments; and what an activation is on average over the clip does not count: a wall that looks the
same in every frame says nothing about a sign, however much its channels do.
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.batching import LENGTH_MULTIPLE, bucket_of, stack_clips
from sfsign_jax.decoding import align_tokens
from sfsign_jax.models.config import STAGES
from sfsign_jax.models.lengths import floor_divide, left_padding
from sfsign_jax.models.lowering import mask_time
from sfsign_jax.models.slowfast import Pathways
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.result import Recognition
from sfsign_jax.runtime.compilation import jit_forward, jit_training

SMALLEST_MAP = 14  # rows of the maps that are shown: 14 in the published model, of stage 4
STEM_STRIDE = 4  # pixels between the rows of stage 2; each later stage doubles it


class ActivationMap(NamedTuple):
    """How much each place in some frames of a clip spoke for a gloss; 0 or more, in no unit."""

    frames: Int[np.ndarray, " n"]  # those that the pathway sees
    maps: Float[np.ndarray, "n h w"]  # over the centre crop


def explain(
    network: Network, clip: UInt8[np.ndarray, "n height width 3"], recognition: Recognition
) -> Iterator[tuple[ActivationMap, ActivationMap]]:
    """The maps of the slow and of the fast pathway, for each recognised gloss.

    `clip` is all frames of `recognition.frames`, as the network gets them.
    """
    frames, num_frames = stack_clips([clip], bucket_of(len(clip), [LENGTH_MULTIPLE]))
    left = left_padding(network.config.temporal_stack)
    seen_maps, length = stage_maps(network, frames, num_frames)
    for token, first, last in said_in_steps(recognition):
        maps = gloss_activation_maps(
            network,
            seen_maps,
            length,
            num_frames,
            np.int32(token),
            np.array([first, last], np.int32),
        )
        rates = (network.config.backbone.alpha, 1)
        slow, fast = (seen(x, rate, left, len(clip)) for x, rate in zip(maps, rates, strict=True))
        yield slow, fast


def said_in_steps(recognition: Recognition) -> Iterator[tuple[int, int, int]]:
    """Each gloss's token, and the first and last step that it is said in."""
    tokens, steps = np.array(recognition.tokens, np.int32), len(recognition.posteriors)
    if not len(tokens):
        return
    with np.errstate(divide="ignore"):
        log_probs = np.log(recognition.posteriors)
    first, last = align_tokens(log_probs, np.int32(steps), tokens, np.int32(len(tokens)))
    yield from zip(recognition.tokens, first.tolist(), last.tolist(), strict=True)


def seen(maps: Float[Array, "t h w"], rate: int, left: int, num_frames: int) -> ActivationMap:
    """Without the frames that padding repeats: the clip's first is number `left`."""
    frames = np.arange(len(maps)) * rate - left
    own = (frames >= 0) & (frames < num_frames)
    return ActivationMap(frames[own], np.asarray(maps)[own])


def explained_stage(crop_height: int) -> int:
    """Number of the last stage (of STAGES) whose maps are not too coarse to show a hand."""
    rows = [crop_height // (STEM_STRIDE * 2**i) for i in range(len(STAGES))]
    return max(i for i in range(len(STAGES)) if i == 0 or rows[i] >= SMALLEST_MAP)


@jit_forward
def stage_maps(
    network: Network, frames: UInt8[Array, "1 n height width 3"], num_frames: Int[Array, "1"]
) -> tuple[Pathways, Int[Array, "1"]]:
    """Activations of the explained stage over the padded clip, and its length: once for a clip."""
    model = network.model()
    clips, length = model.padded(network.centre_crops(frames), num_frames, "masked")
    shown = explained_stage(network.preprocessing.crop_size[0])
    stems = model.backbone.stems(clips, length)
    return model.backbone.run(STAGES[: shown + 1], stems, length), length


@jit_training  # for it has a gradient
def gloss_activation_maps(
    network: Network,
    maps: Pathways,
    length: Int[Array, "1"],
    num_frames: Int[Array, "1"],
    token: Int[Array, ""],
    steps: Int[Array, "2"],
) -> tuple[Float[Array, "t_slow h w"], Float[Array, "t h w"]]:
    """Of one gloss, whose first and last step are `steps`, in the explained stage's `maps`."""
    model = network.model()
    backbone = model.backbone
    shown = explained_stage(network.preprocessing.crop_size[0])

    def score(maps: list[Array]) -> Array:
        """The gloss's logits at its steps."""
        features = backbone.features(backbone.run(STAGES[shown + 1 :], maps, length))
        logits = model.from_features(features, num_frames).paths["main"].sequence_logits[0]
        step = jnp.arange(logits.shape[0])
        return jnp.where((step >= steps[0]) & (step <= steps[1]), logits[:, token], 0).sum()

    lengths = (floor_divide(length, backbone.alpha), length)
    slow, fast = map(activation_map, maps, jax.grad(score)(maps), lengths)
    return slow, fast


def activation_map(
    activation: Float[Array, "1 t h w c"],
    gradient: Float[Array, "1 t h w c"],
    length: Int[Array, "1"],
) -> Float[Array, "t h w"]:
    """Grad-CAM, equations 1 and 2, in every frame."""
    weights = gradient.mean(axis=(2, 3), keepdims=True)
    mean = mask_time(activation, length).sum(axis=1, keepdims=True) / length[0]
    deviation = activation - mean
    return jax.nn.relu((weights * deviation).sum(-1))[0]
