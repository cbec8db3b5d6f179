"""Oracle: the PyTorch statement trained in float64, and properties of the step."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch_reference as reference
from flax import nnx
from oracle import oracle_of, small_config
from training_batch import batch

from sfsign_jax.conversion.names import released_axes, released_names
from sfsign_jax.losses import TERMS
from sfsign_jax.models.sign_model import abstract_model
from sfsign_jax.training import Recipe, create_train_state, learning_rate, train_step
from sfsign_jax.training.optimizer import Moments
from sfsign_jax.training.state import train_state_of

CONFIG = small_config(num_classes=5, depths=(1, 1, 1, 1))
RECIPE = Recipe(
    epochs=4,
    steps_per_epoch=10,
    learning_rate=1e-3,
    crop_size=(32, 32),
    padding="reference",
    compute_dtype="float64",
)


@pytest.fixture(autouse=True)
def in_f64():
    """One program for all tests: runs of other files train in f32."""
    with jax.enable_x64(True):
        yield


def ours(tensors):
    """Released tensors as a state of ours, in their own precision."""
    flat = []
    for path, variable in nnx.to_flat_state(abstract_model(CONFIG)[1]):
        name = ".".join(path)
        tensor = tensors[released_names(name, CONFIG)[0]].detach().numpy()
        axes = released_axes(name, tensor.ndim, CONFIG)
        flat.append((path, variable.replace(jnp.asarray(tensor.transpose(axes).copy()))))
    return nnx.from_flat_state(flat)


def state_of_pytorch(model, optimizer, step):
    """The training state that PyTorch is in."""
    tensors = model.state_dict(keep_vars=True)
    state = train_state_of(ours(tensors), RECIPE)
    if step == 0:
        return state

    def moments(name):
        zero = torch.zeros_like
        of = {
            n: optimizer.state[t][name] if t in optimizer.state else zero(t)
            for n, t in tensors.items()
        }
        return nnx.split_state(ours(of), nnx.Param, ...)[0]

    adam = Moments(jnp.int32(step), moments("exp_avg"), moments("exp_avg_sq"))
    return state._replace(step=jnp.int32(step), moments=adam)


def frames_of_pytorch(clips):
    """The batch's clips, cropped, mirrored, padded and normalised by hand, in f64."""
    rows = zip(clips["frames"], clips["num_frames"], clips["corner"], clips["flip"], strict=True)
    crops = []
    for frames, n, (top, left), flip in rows:
        crop = frames[:n, top : top + 32, left : left + 32]
        crops.append(crop[:, :, ::-1].copy() if flip else crop)
    padded, lengths = reference.pad_batch(crops)
    return (padded.double() / 255 - 0.45) / 0.225, lengths


def test_each_step_is_pytorchs():
    """In f64, and each from the state PyTorch is in, so that what differs is the step itself.

    Left to themselves two f32 runs part after the first step, PyTorch's from its own on another
    number of threads too: Adam takes a whole step where the gradient is all but zero, and there
    rounding decides which way.
    """
    model = oracle_of(CONFIG).double().train()
    optimizer = reference.adam(model, RECIPE.learning_rate)
    for step in range(3):
        clips = batch(num_frames=(14, 11) if step % 2 == 0 else (9, 16))
        state = state_of_pytorch(model, optimizer, step)
        state, metrics = train_step(state, clips, config=CONFIG, recipe=RECIPE)

        optimizer.zero_grad()
        labels = [r[:n] for r, n in zip(clips["labels"].tolist(), clips["num_labels"], strict=True)]
        loss, parts = reference.training_loss(model(*frames_of_pytorch(clips)), labels)
        loss.backward()
        norm = torch.sqrt(sum(p.grad.square().sum() for p in model.parameters()))
        optimizer.step()

        expected = [loss, *parts.values(), norm]
        names = ["loss", *TERMS, "slow", "fast", "grad_norm"]
        for name, value in zip(names, expected, strict=True):
            assert float(metrics[name]) == pytest.approx(value.item(), rel=1e-9), name
        theirs = dict(nnx.to_flat_state(ours(model.state_dict())))
        merged = nnx.merge_state(state.params, state.batch_stats)
        for path, value in nnx.to_flat_state(merged):
            np.testing.assert_allclose(
                value[...], theirs[path][...], rtol=0, atol=1e-8, err_msg=str(path)
            )


def leaves(state):
    return [np.asarray(leaf) for leaf in jax.tree.leaves((state.params, state.batch_stats))]


def test_loss_falls_and_the_program_compiles_once():
    state = create_train_state(CONFIG, RECIPE)
    losses, programs = [], set()
    for _ in range(12):
        state, metrics = train_step(state, batch(), config=CONFIG, recipe=RECIPE)
        losses.append(float(metrics["loss"]))
        programs.add(train_step.program()._cache_size())
    assert losses[-1] < 0.7 * losses[0]
    assert len(programs) == 1
    assert int(state.step) == 12
    parts = ("seq_ctc", "conv_ctc", "distillation", "slow", "fast")
    assert sum(float(metrics[part]) for part in parts) == pytest.approx(losses[-1], rel=1e-4)


def test_a_batch_that_is_not_finite_changes_nothing_but_the_counts():
    state = create_train_state(CONFIG, RECIPE)
    before = leaves(state)
    too_long = batch(labels=((1, 1), (3, 0)), num_frames=(4, 4))  # one step, two labels
    state, metrics = train_step(state, too_long, config=CONFIG, recipe=RECIPE)
    assert np.isinf(metrics["loss"])
    assert (int(state.step), int(state.skipped)) == (1, 1)
    for old, new in zip(before, leaves(state), strict=True):
        np.testing.assert_array_equal(old, new)


def test_learning_rate_steps_once_an_epoch():
    steps = dataclasses.replace(RECIPE, epochs=80, learning_rate=1.0)
    rates = [float(learning_rate(steps, np.int32(10 * epoch))) for epoch in (0, 39, 40, 59, 60, 79)]
    np.testing.assert_allclose(rates, [1, 1, 0.2, 0.2, 0.04, 0.04], rtol=1e-6)
    assert float(learning_rate(steps, np.int32(399))) == 1
    cosine = dataclasses.replace(steps, schedule="cosine")
    np.testing.assert_allclose(
        [float(learning_rate(cosine, np.int32(10 * epoch))) for epoch in (0, 40, 80)],
        [1, 0.5125, 0.025],
        rtol=1e-5,
    )


def test_a_recipe_without_the_length_of_an_epoch_is_no_recipe():
    with pytest.raises(TypeError, match="steps_per_epoch"):
        Recipe(epochs=4)
