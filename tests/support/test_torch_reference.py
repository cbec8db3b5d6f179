"""The oracle itself: its names and sizes, its variants, and the quirks that it must keep."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch_reference as ref

TINY = ref.Config(
    num_classes=7,
    depths=(2, 1, 1, 1),
    temporal_blocks=(1, 1, 1, 1),
    width=8,
    beta_inv=4,
    hidden_size=16,
    head_dropout=0.0,
    lstm_dropout=0.0,
)
NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def tiny_clips(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (n, 32, 32, 3), np.uint8) for n in lengths]


def batch(*clips: np.ndarray, stack=TINY.stack) -> tuple[torch.Tensor, torch.Tensor]:
    frames, lengths = ref.pad_batch(clips, stack)
    return ref.normalise(frames), lengths


def trained_looking(config: ref.Config) -> ref.SlowFastSign:
    """A model in which fusions and residuals take part, which they do not at initialisation."""
    model = ref.SlowFastSign(config).eval()
    for module in model.modules():
        if isinstance(module, ref.Branch):
            torch.nn.init.constant_(module.c_bn.weight, 0.2)
        if hasattr(module, "weight_s"):
            torch.nn.init.constant_(module.weight_s, 0.3)
            torch.nn.init.constant_(module.weight_f, 0.3)
    return model


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def children(names: dict, prefix: str) -> set[str]:
    return {name[len(prefix) :].split(".")[0] for name in names if name.startswith(prefix)}


# ------------------------------------------------------------------------------- names and sizes


def test_published_size():
    with torch.device("meta"):
        model = ref.SlowFastSign(ref.Config())
    assert len(model.state_dict()) == 1400
    assert sum(p.numel() for p in model.parameters()) == 133_601_920


def test_released_names():
    names = shapes(ref.SlowFastSign(TINY))
    assert children(names, "") == {"conv2d", "conv1d", "temporal_model", "classifier"}
    fuses = {f"s{i}_fuse" for i in range(1, 5)}
    assert children(names, "conv2d.") == {"s1", "s2", "s3", "s4", "s5"} | fuses
    assert children(names, "conv2d.s1.") == {"pathway0_stem", "pathway1_stem"}
    assert children(names, "conv2d.s1.pathway0_stem.") == {"conv", "bn"}
    assert children(names, "conv2d.s1.pathway0_stem.bn.") == NORM
    blocks = {f"pathway{p}_res{i}" for p in (0, 1) for i in (0, 1)}
    assert children(names, "conv2d.s2.") == blocks
    first, second = "conv2d.s2.pathway0_res0.", "conv2d.s2.pathway0_res1."
    assert children(names, first) == {"branch1", "branch1_bn", "branch2"}
    assert children(names, second) == {"branch2"}
    assert children(names, second + "branch2.") == {"a", "a_bn", "b", "b_bn", "c", "c_bn"}
    fuse = {"conv_f2s", "bn", "conv_s2f", "bn2", "weight_s", "weight_f"}
    assert children(names, "conv2d.s4_fuse.") == fuse
    convs = {f"{path}_temporal_conv" for path in ref.PATHS}
    assert children(names, "conv1d.") == convs | {"fc"}
    # indices count the ReLU and pool between the convolutions
    assert children(names, "conv1d.main_temporal_conv.") == {"0", "1", "4", "5"}
    for numbered in ("temporal_model.", "classifier.", "conv1d.fc."):
        assert children(names, numbered) == {"0", "1", "2"}
    assert names["temporal_model.2.rnn.weight_hh_l1_reverse"] == (32, 8)
    assert names["classifier.0.weight"] == (16, 7)


def test_single_model_names_carry_no_index():
    names = shapes(ref.SlowFastSign(replace(TINY, pfe=False)))
    assert children(names, "conv1d.") == {"temporal_conv", "fc"}
    assert children(names, "temporal_model.") == {"rnn"}
    assert children(names, "classifier.") == children(names, "conv1d.fc.") == {"weight"}


def test_temporal_kernels_only_in_the_leading_blocks():
    with torch.device("meta"):
        names = shapes(ref.SlowFastSign(ref.Config()))
    kernels = [names[f"conv2d.s4.pathway0_res{i}.branch2.a.weight"][2] for i in range(23)]
    assert kernels == [3] * 6 + [1] * 17
    kernels = [
        names[f"conv2d.s{s}.pathway{p}_res0.branch2.a.weight"][2:] for s, p in ((2, 0), (2, 1))
    ]
    assert kernels == [(1, 1, 1), (3, 1, 1)]


@pytest.mark.parametrize(
    ("fusion", "message", "slow", "fast"),
    [
        ("FuseBiAdd", 32, 32, 8),
        ("FuseBiAdd2", 32, 32, 8),
        ("FuseBiCat", 16, 48, 16),
        ("FuseFastToSlow", 16, 48, 8),
    ],
)
def test_channels_around_a_fusion(fusion, message, slow, fast):
    names = shapes(ref.SlowFastSign(replace(TINY, fusion=fusion)))
    assert names["conv2d.s2_fuse.conv_f2s.weight"] == (message, 8, 5, 1, 1)
    assert names["conv2d.s3.pathway0_res0.branch2.a.weight"][1] == slow
    assert names["conv2d.s3.pathway1_res0.branch2.a.weight"][1] == fast


@pytest.mark.parametrize(
    ("pfe", "share", "count"),
    [(True, 0, 6), (True, 1, 3), (True, 2, 1), (False, 0, 2), (False, 1, 1), (False, 2, 1)],
)
def test_classifiers_are_shared(pfe, share, count):
    model = ref.SlowFastSign(replace(TINY, pfe=pfe, share_classifier=share))
    found = [m for m in model.modules() if isinstance(m, ref.CosineClassifier)]
    assert len(found) == count


def test_plain_linear_classifier():
    names = shapes(ref.SlowFastSign(replace(TINY, weight_norm=False)))
    assert names["classifier.1.weight"] == (7, 16)
    assert names["classifier.1.bias"] == (7,)


# ---------------------------------------------------------------------------------- the network


@pytest.mark.parametrize("fusion", ref.FUSIONS)
@pytest.mark.parametrize("pfe", [True, False])
def test_variants_run(fusion, pfe):
    model = trained_looking(replace(TINY, fusion=fusion, pfe=pfe))
    seen = {}
    frames, lengths = batch(*tiny_clips(9, 5))
    output = model(
        frames, lengths, trace=lambda name, s, f: seen.update({name: (s.shape, f.shape)})
    )
    assert list(seen) == ["s1", "s1_fuse", "s2", "s2_fuse", "s3", "s3_fuse", "s4", "s4_fuse", "s5"]
    assert seen["s5"] == ((2, 256, 6, 1, 1), (2, 64, 24, 1, 1))
    assert output["framewise"].shape == (2, 24, 320)
    assert set(output) == {"framewise", "main"} | ({"slow", "fast"} if pfe else set())
    for path in set(output) - {"framewise"}:
        assert output[path]["feat_len"].tolist() == [3, 2]
        for logits in ("conv_logits", "sequence_logits"):
            assert output[path][logits].shape == (2, 3, 7)
            assert output[path][logits].isfinite().all()


@pytest.mark.parametrize("number", ref.STACKS)
def test_stacks_run(number):
    stack = ref.STACKS[number]
    model = ref.SlowFastSign(replace(TINY, stack=stack, pfe=False)).eval()
    frames, lengths = batch(*tiny_clips(30, 21), stack=stack)
    assert frames.shape[-3] % 4 == 0
    main = model(frames, lengths)["main"]
    for logits in ("conv_logits", "sequence_logits"):
        assert main[logits].shape[1] >= main["feat_len"][0]
    published = {0: [30, 21], 2: [8, 6], 7: [5, 3], 8: [3, 1]}  # of the published code's own run
    assert main["feat_len"].tolist() == published.get(number, main["feat_len"].tolist())


def test_fusion_starts_as_the_identity():
    for fusion in ("FuseBiAdd", "FuseBiAdd2"):
        fuse = ref.Fusion(replace(TINY, fusion=fusion), 8, 2)
        slow, fast = torch.randn(1, 8, 2, 3, 3), torch.randn(1, 2, 8, 3, 3)
        fused = fuse(slow, fast)
        assert torch.equal(fused[0], slow)
        assert torch.equal(fused[1], fast)


def test_residuals_start_at_zero():
    model = ref.SlowFastSign(TINY)
    norms = [m.c_bn.weight for m in model.modules() if isinstance(m, ref.Branch)]
    assert len(norms) == 10
    assert not any(weight.any() for weight in norms)


def test_outputs_depend_on_the_batch():
    """A shorter clip's extra padding reaches its logits: published behaviour, not a mistake."""
    model = trained_looking(TINY)
    long, short = tiny_clips(24, 9)
    alone = model(*batch(short))["main"]["conv_logits"]
    together = model(*batch(short, long))["main"]["conv_logits"]
    assert alone.shape[1] == 3
    assert (together[:1, :3] - alone).abs().max() > 1e-3
    same = model(*batch(short, short))["main"]["conv_logits"]
    torch.testing.assert_close(same[:1], alone)


def test_sequence_logits_past_the_end_are_zero():
    main = trained_looking(TINY)(*batch(*tiny_clips(24, 9)))["main"]
    assert not main["sequence_logits"][1, 3:].any()
    assert main["sequence_logits"][1, :3].any()


def test_inference_needs_the_main_path_only():
    model = trained_looking(TINY)
    inputs = batch(*tiny_clips(9))
    short, full = model(*inputs, aux=False), model(*inputs)
    assert set(short) == {"framewise", "main"}
    assert torch.equal(short["main"]["sequence_logits"], full["main"]["sequence_logits"])


def test_cosine_classifier_ignores_the_columns_length():
    layer = ref.CosineClassifier(4, 3)
    x = torch.randn(2, 4)
    before = layer(x)
    layer.weight.data *= torch.tensor([0.1, 2.0, 30.0])
    torch.testing.assert_close(layer(x), before)


# ------------------------------------------------------------------------------- loss and training


def test_ctc_by_hand():
    # of 9 equally likely alignments of 2 steps, (1, 1), (0, 1) and (1, 0) spell [1]
    loss = ref.ctc(torch.zeros(1, 2, 3), [[1]], torch.tensor([2]))
    assert loss.item() == pytest.approx(math.log(3))


@pytest.mark.parametrize("label", [[1, 2, 1], [1, 1]])
def test_impossible_labels_are_infinite(label):
    assert ref.ctc(torch.zeros(2, 2, 3), [[1], label], torch.tensor([2, 2])) == math.inf


def test_distillation():
    student, teacher = torch.randn(2, 3, 5, requires_grad=True), torch.randn(2, 3, 5)
    student.data[..., 0], teacher[..., 0] = 1e3, -1e3  # the blank has no part in it
    teacher.requires_grad_()
    loss = ref.distillation(student, teacher)
    p, q = (torch.softmax(x[..., 1:].detach() / 8, -1) for x in (teacher, student))
    expected = 64 * (p * (p / q).log()).sum() / 6
    torch.testing.assert_close(loss.detach(), expected)
    loss.backward()
    assert student.grad is not None
    assert teacher.grad is None


def test_distillation_counts_padded_steps():
    main = trained_looking(TINY)(*batch(*tiny_clips(24, 9)))["main"]
    all_rows = ref.distillation(main["conv_logits"], main["sequence_logits"])
    dist = ref.path_losses(main, [[1], [2]])["Dist"]
    torch.testing.assert_close(dist, 25 * all_rows)


@pytest.mark.parametrize("share", [0, 1, 2])
def test_training_step(share):
    model = ref.SlowFastSign(replace(TINY, share_classifier=share)).train()
    total, parts = ref.training_loss(model(*batch(*tiny_clips(16, 9))), [[1, 2], [3]])
    assert list(parts) == ["SeqCTC", "ConvCTC", "Dist", "Slow", "Fast"]
    torch.testing.assert_close(total, sum(parts.values()))
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_weight_decay_is_coupled():
    weight = torch.tensor([1.0, -2.0, 0.5])
    layer = torch.nn.Linear(3, 1, bias=False)
    layer.weight.data[0] = weight
    layer.weight.grad = torch.zeros(1, 3)
    ref.adam(layer, lr=1e-2).step()
    # Adam scales the decay like any gradient: a whole step towards zero, whatever its size
    torch.testing.assert_close(layer.weight.detach()[0], weight - 1e-2 * weight.sign())


# ----------------------------------------------------------------------------------------- frames


def test_padding_of_the_published_stack():
    frames, lengths = ref.pad_batch([np.arange(n).reshape(n, 1, 1, 1) for n in (9, 2)])
    assert lengths.tolist() == [24, 16]
    assert frames[0].flatten().tolist() == [0] * 6 + list(range(9)) + [8] * 9
    assert frames[1].flatten().tolist() == [0] * 6 + [0] + [1] * 17
    assert ref.stack_steps(ref.STACKS[2], lengths).tolist() == [3, 1]


def test_centre_crop_and_normalisation():
    frames = torch.arange(6 * 8).reshape(1, 6, 8, 1).expand(-1, -1, -1, 3)
    crop = ref.centre_crop(frames, 4)
    assert crop[0, :, :, 0].tolist() == [[10 + 8 * r + c for c in range(4)] for r in range(4)]
    pixels = ref.normalise(torch.tensor([0, 255], dtype=torch.uint8))
    torch.testing.assert_close(pixels, torch.tensor([-2.0, 0.55 / 0.225]))


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="fusion"):
        ref.Config(fusion="FuseNothing")
    with pytest.raises(ValueError, match="share_classifier"):
        ref.Config(share_classifier=3)
    with pytest.raises(ValueError, match="multiple of 4"):
        ref.SlowFastSign(TINY)(torch.zeros(1, 6, 32, 32, 3), torch.tensor([6]))
