"""Batches that are not finite: named, counted, and at the limit the end of the run."""

import jax.numpy as jnp
import pytest
from small_dataset import DATASET, small_config

from sfsign_jax.training import loop, sources
from sfsign_jax.training.stopping import NotFiniteError


def diverging_step(state, batch, **_):
    """As train_step, where nothing is finite."""
    state = state._replace(step=state.step + 1, skipped=state.skipped + 1)
    return state, {
        "loss": jnp.array(jnp.nan),
        "grad_norm": jnp.array(jnp.inf),
        "skipped": jnp.array(float(state.skipped)),
    }


def test_too_many_end_the_run(monkeypatch, tmp_path):
    config = small_config()
    config.training.max_skipped = 3
    config.model.update({"depths": (1, 1, 1, 1), "temporal_blocks": (1, 1, 1, 1), "width": 8})
    config.model.update({"beta_inv": 2, "hidden_size": 8, "pathway_enhancement": False})
    monkeypatch.setattr(sources, "open_dataset", lambda *_: DATASET)
    monkeypatch.setattr(loop, "train_step", diverging_step)
    monkeypatch.setattr(loop, "end_epoch", lambda run, state, progress: end(progress))
    with pytest.raises(NotFiniteError, match="3 batches had a loss or gradient that is not finite"):
        loop.train(config, tmp_path)
    lines = (tmp_path / "not_finite.log").read_text().splitlines()
    assert lines[0].startswith("step 1: loss nan, gradient norm inf, clips clip")
    assert lines[0].count("clip") == 3
    assert len(lines) == 4
    assert (tmp_path / "checkpoints" / "4").is_dir()


def end(progress):
    progress["epochs"].append({"loss": 0.0, "dev_wer": 9, "dev_conv_wer": 9, "learning_rate": 0})
    progress["steps"] = []


def test_an_epoch_may_have_begun_in_a_version_with_more_metrics():
    steps = [{"loss": 1.0, "param_norm": 5.0}, {"loss": jnp.nan}, {"loss": 3.0}]
    assert loop.finite_mean(steps) == {"loss": 2.0}
