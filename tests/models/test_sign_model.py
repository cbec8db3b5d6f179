"""Oracle: the PyTorch statement of the network, and properties of the padding."""

import re

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch_reference as reference
from flax import nnx
from oracle import oracle_of, small_config, state_of

from sfsign_jax.losses import recognition_loss
from sfsign_jax.models.config import BackboneConfig, ModelConfig
from sfsign_jax.models.lengths import padded_length
from sfsign_jax.models.mode import TrainingMode
from sfsign_jax.models.sign_model import abstract_model, for_inference, model_with

SIZE = 32
STACKS = sorted(set(reference.STACKS.values()))


def random_clips(*lengths):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, SIZE, SIZE, 3)).astype(np.float32) for n in lengths]


def filled(clips, bucket):
    frames = np.zeros((len(clips), bucket, SIZE, SIZE, 3), np.float32)
    for row, clip in zip(frames, clips, strict=True):
        row[: len(clip)] = clip
    return frames, np.array([len(clip) for clip in clips])


def main_logits(config, state, clips, bucket, padding):
    frames, num_frames = filled(clips, bucket)

    @jax.jit
    def forward(state, frames, num_frames):
        outputs = model_with(config, state)(frames, num_frames, padding=padding)
        return outputs.paths["main"], outputs.num_steps

    paths, steps = forward(state, frames, num_frames)
    return np.asarray(paths.conv_logits), np.asarray(paths.sequence_logits), np.asarray(steps)


def oracle_logits(model, clips):
    return oracle_logits_of(
        model, *reference.pad_batch(clips, model.config.stack, model.config.alpha)
    )


def oracle_logits_of(model, frames, lengths):
    with torch.no_grad():
        main = model(frames, lengths, aux=False)["main"]
    longest = int(main["feat_len"].max())
    return main["conv_logits"][:, :longest].numpy(), main["sequence_logits"][:, :longest].numpy()


VARIANTS = [  # the published stack among them; of the others see below
    *({"fusion": fusion} for fusion in reference.FUSIONS),
    {"temporal_stack": ("K3",)},  # video lengths are no multiples of alpha
    {"depths": (3, 4, 6, 3), "temporal_blocks": (3, 4, 6, 3), "width": 4},  # R50
    {"share_classifier": 0},
    {"share_classifier": 2},
    {"weight_norm": False},
    {"pathway_enhancement": False, "alpha": 2},
]


def assert_close(ours, expected):
    """Deep random networks have large logits: then it is their spread that counts."""
    np.testing.assert_allclose(ours, expected, rtol=0, atol=max(2e-5, 1e-5 * expected.std()))


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_every_variant_equals_the_oracle(changes):
    config = small_config(**changes)
    model = oracle_of(config)
    state = state_of(config, model)
    clips = random_clips(17, 12)

    conv, sequence = oracle_logits(model, clips)
    ours_conv, ours_sequence, _ = main_logits(config, state, clips, 24, "reference")
    assert_close(ours_conv[:, : conv.shape[1]], conv)
    assert_close(ours_sequence[:, : conv.shape[1]], sequence)

    main = for_inference(model_with(config, state))
    ours_conv, ours_sequence, steps = main_logits(main.config, nnx.state(main), clips, 24, "masked")
    for i, clip in enumerate(clips):
        conv, sequence = oracle_logits(model, [clip])
        assert steps[i] == conv.shape[1]
        assert_close(ours_conv[i, : steps[i]], conv[0])
        assert_close(ours_sequence[i, : steps[i]], sequence[0])
        assert not ours_conv[i, steps[i] :].any()


@pytest.mark.parametrize("padding", ["reference", "masked"])
@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_every_stack_equals_the_oracles_from_features_on(stack, padding):
    """What a stack changes is the number of padded frames and what follows the backbone."""
    config = small_config(temporal_stack=stack)
    model = oracle_of(config)
    state = state_of(config, model)
    num_frames = np.array([30, 21])
    clips = [np.arange(n, dtype=np.float32).reshape(n, 1, 1, 1) for n in num_frames]
    bucket = np.zeros((2, 32, 1, 1, 1), np.float32)
    for row, clip in zip(bucket, clips, strict=True):
        row[: len(clip)] = clip
    total = padded_length(32, stack, config.backbone.alpha)
    features = np.random.default_rng(0).normal(size=(2, total, sum(config.backbone.channels)))
    features = features.astype(np.float32)

    @jax.jit
    def around_the_backbone(state, bucket, features, num_frames):
        model = model_with(config, state)
        outputs = model.from_features(features, num_frames, padding=padding)
        main = outputs.paths["main"]
        padded = model.padded(bucket, num_frames, padding)[0]
        return padded, main.conv_logits, main.sequence_logits, outputs.num_steps

    padded, *ours, steps = map(np.asarray, around_the_backbone(state, bucket, features, num_frames))
    model.conv2d = Passing()
    for rows in ([0, 1],) if padding == "reference" else ([0], [1]):
        expected_padded, lengths = reference.pad_batch([clips[i] for i in rows], stack)
        longest = expected_padded.shape[1]
        np.testing.assert_array_equal(padded[rows, :longest], expected_padded)
        assert not padded[rows, longest:].any()
        expected = oracle_logits_of(model, torch.tensor(features[rows, :longest]), lengths)
        for our_logits, their_logits in zip(ours, expected, strict=True):
            n = their_logits.shape[1]
            assert_close(our_logits[rows, :n], their_logits)
            assert not our_logits[rows, n:].any()
        assert steps[rows[0]] == expected[0].shape[1]


class Passing(torch.nn.Module):
    """In place of the backbone, where its features are given."""

    def forward(self, features, trace):
        return features


@pytest.fixture
def double_precision():
    """In f32 a maximum that is all but a tie may fall to another value."""
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("double_precision")
def test_loss_and_gradient_do_not_see_the_bucket():
    config = small_config(depths=(1, 1, 1, 1), pathway_enhancement=False)
    state = jax.tree.map(lambda x: np.asarray(x, np.float64), state_of(config, oracle_of(config)))
    params, stats = nnx.split_state(state, nnx.Param, ...)
    labels, num_labels = np.array([[1, 2, 2], [5, 0, 0]]), np.array([3, 1])

    @jax.jit
    def loss_and_gradient(params, frames, num_frames):
        def loss(params):
            model = model_with(config, params, stats)
            outputs = model(frames.astype("float64"), num_frames, training=TrainingMode())
            return recognition_loss(outputs, labels, num_labels)[0]

        return jax.value_and_grad(loss)(params)

    clips = random_clips(30, 13)
    loss, gradient = jax.device_get(loss_and_gradient(params, *filled(clips, 32)))
    wide_loss, wide_gradient = jax.device_get(loss_and_gradient(params, *filled(clips, 64)))
    np.testing.assert_allclose(wide_loss, loss, rtol=1e-10)
    norm = np.sqrt(sum(np.square(g).sum() for g in jax.tree.leaves(gradient)))
    difference = jax.tree.map(lambda a, b: a - b, gradient, wide_gradient)
    error = np.sqrt(sum(np.square(g).sum() for g in jax.tree.leaves(difference)))
    assert error < 1e-9 * norm


def test_published_model_has_the_published_size():
    params = nnx.split_state(abstract_model(ModelConfig(1296))[1], nnx.Param, ...)[0]
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 133_601_920


@pytest.mark.parametrize("training", [None, TrainingMode()], ids=["recognition", "training"])
def test_no_3d_convolution_is_lowered_for_any_platform(training):
    backbone = BackboneConfig(depths=(2, 2, 2, 2), temporal_blocks=(1, 1, 1, 1))
    config = ModelConfig(21, backbone, hidden_size=64)
    params, stats = nnx.split_state(abstract_model(config)[1], nnx.Param, ...)
    frames = jax.ShapeDtypeStruct((1, 16, 32, 32, 3), jnp.float32)

    def total(params, stats, frames):
        outputs = model_with(config, params, stats)(frames, jnp.array([16]), training=training)
        return sum(path.sequence_logits.sum() for path in outputs.paths.values())

    function = jax.jit(jax.grad(total) if training else total)
    exported = jax.export.export(function, platforms=("cpu", "cuda", "tpu"))(params, stats, frames)
    program = exported.mlir_module()
    convolutions = re.findall(r"stablehlo.convolution.*dim_numbers = (\[.*?\])x", program)
    assert len(convolutions) > 15
    assert all(len(re.findall(r"\d", dimensions)) <= 2 for dimensions in convolutions)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temporal_stack": ("K5", "Q2")},
        {"temporal_stack": ("P2",)},
        {"share_classifier": 3},
        {"alpha": 0},
        {"depths": (1, 1, 1)},
        {"width": 9},
    ],
)
def test_impossible_configurations_are_refused(wrong):
    with pytest.raises(ValueError, match=r"temporal_stack|share_classifier|sizes|beta_inv"):
        small_config(**wrong)
