"""Oracles: PyTorch's CTC, and the sum over every alignment."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch_reference as reference

from sfsign_jax.losses import (
    LossWeights,
    consistency_loss,
    ctc_loss,
    distillation_loss,
    recognition_loss,
)
from sfsign_jax.models.sign_model import ModelOutputs, PathOutputs

LABELS = [[3, 3, 1], [2]]


def random_logits(seed, steps=8, classes=5):
    return np.random.default_rng(seed).normal(size=(2, steps, classes)).astype(np.float32)


def padded_labels():
    labels = np.zeros((2, 4), np.int32)
    for row, label in zip(labels, LABELS, strict=True):
        row[: len(label)] = label
    return labels, np.array([len(label) for label in LABELS])


def test_ctc_equals_pytorch():
    logits, steps = random_logits(0), np.array([8, 5])
    ours = ctc_loss(logits, steps, *padded_labels())
    theirs = reference.ctc(torch.from_numpy(logits), LABELS, torch.from_numpy(steps))
    assert float(ours.mean()) == pytest.approx(float(theirs), rel=1e-5)


def test_labels_that_do_not_fit_are_infinite():
    """3 3 1 needs a blank between its equal neighbours: four steps."""
    losses = ctc_loss(random_logits(0), np.array([3, 1]), *padded_labels())
    np.testing.assert_array_equal(np.isfinite(losses), [False, True])
    assert np.isfinite(ctc_loss(random_logits(0), np.array([4, 1]), *padded_labels())).all()


def test_distillation_equals_pytorch():
    student, teacher = random_logits(1), random_logits(2)
    theirs = reference.distillation(torch.from_numpy(student), torch.from_numpy(teacher))
    ours = distillation_loss(student, teacher, jnp.ones((2, 8), bool))
    assert float(ours) == pytest.approx(float(theirs), rel=1e-4)


def test_total_is_the_sum_of_its_weighted_parts():
    labels, num_labels = padded_labels()
    steps = np.array([8, 6])
    paths = {
        name: PathOutputs(random_logits(i), random_logits(i + 10), np.zeros(0))
        for i, name in enumerate(("main", "slow", "fast"))
    }
    outputs = ModelOutputs(paths, steps, np.array([8, 8]), np.zeros((2, 1, 1)))
    total, parts = recognition_loss(outputs, labels, num_labels)
    theirs, expected = reference.training_loss(
        {
            name: {
                "conv_logits": torch.from_numpy(path.conv_logits),
                "sequence_logits": torch.from_numpy(path.sequence_logits),
                "feat_len": torch.from_numpy(steps),
            }
            for name, path in paths.items()
        },
        LABELS,
    )
    assert float(total) == pytest.approx(float(theirs), rel=1e-5)
    for ours, name in zip(parts, ("SeqCTC", "ConvCTC", "Dist", "Slow", "Fast"), strict=True):
        assert float(parts[ours]) == pytest.approx(float(expected[name]), rel=1e-4)
    doubled = recognition_loss(outputs, labels, num_labels, LossWeights(fast=0.5))[1]
    assert float(doubled["fast"]) == pytest.approx(2 * float(parts["fast"]), rel=1e-5)


def test_what_does_not_count_is_left_out():
    labels, num_labels = padded_labels()
    path = PathOutputs(random_logits(1), np.full((2, 8, 5), np.nan, np.float32), np.zeros(0))
    outputs = ModelOutputs({"main": path}, np.array([8, 6]), np.array([8, 8]), np.zeros((2, 1, 1)))
    weights = LossWeights(seq_ctc=0, distillation=0)
    total, parts = recognition_loss(outputs, labels, num_labels, weights)
    conv = ctc_loss(path.conv_logits, outputs.num_steps, labels, num_labels).mean()
    assert float(total) == float(parts["conv_ctc"]) == pytest.approx(float(conv), rel=1e-6)
    assert float(parts["seq_ctc"]) == float(parts["distillation"]) == 0


def test_masked_distillation_ignores_padding():
    student, teacher = random_logits(1), random_logits(2)
    valid = np.arange(8) < np.array([[8], [5]])
    changed = np.where(valid[..., None], student, 99.0)
    assert float(distillation_loss(student, teacher, valid)) == pytest.approx(
        float(distillation_loss(changed, teacher, valid))
    )


def test_consistency_and_its_gradient_are_pytorchs():
    """Rows are views 1 and 2 of a clip of eight steps, and of one of five."""
    logits, steps = np.concatenate([random_logits(1), random_logits(2)]), np.array([8, 8, 5, 5])
    ours, gradient = jax.value_and_grad(consistency_loss)(logits, steps)
    theirs = torch.from_numpy(logits).requires_grad_()
    log_p = theirs.log_softmax(-1)
    total = sum(
        torch.nn.functional.kl_div(
            log_p[view, :length], log_p[other, :length].detach(), reduction="sum", log_target=True
        )
        for view, other, length in ((0, 1, 8), (1, 0, 8), (2, 3, 5), (3, 2, 5))
    )
    (total / 4).backward()
    assert float(ours) == pytest.approx(total.item() / 4, rel=1e-5)
    np.testing.assert_allclose(gradient, theirs.grad, atol=1e-6)


def test_consistency_is_of_the_logits_that_ctc_trains():
    labels, num_labels = (np.repeat(rows, 2, axis=0) for rows in padded_labels())
    conv, sequence = (np.concatenate([random_logits(i), random_logits(i + 1)]) for i in (1, 3))
    path = PathOutputs(conv, sequence, np.zeros(0))
    outputs = ModelOutputs({"main": path}, np.full(4, 8), np.full(4, 8), np.zeros((4, 1, 1)))
    of_conv, of_both = (
        recognition_loss(outputs, labels, num_labels, LossWeights(seq_ctc=seq, consistency=0.5))
        for seq in (0, 1)
    )
    expected = [0.5 * float(consistency_loss(x, outputs.num_steps)) for x in (conv, sequence)]
    assert float(of_conv[1]["consistency"]) == pytest.approx(expected[0], rel=1e-6)
    assert float(of_both[1]["consistency"]) == pytest.approx(sum(expected), rel=1e-6)
    assert float(of_both[0]) == pytest.approx(sum(map(float, of_both[1].values())), rel=1e-6)
