"""Batches that are not finite: named, counted, and at the limit the end of the run.

Oracle: two equal glosses need three steps, and a clip of eight frames has two, so that its loss is
infinite, whatever the weights.
"""

import json
import re

import jax.numpy as jnp
import numpy as np
import pytest
from small_dataset import DATASET, small_config

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.split import SplitPredictions
from sfsign_jax.training import loop, sources
from sfsign_jax.training.stopping import NotFiniteError
from sfsign_jax.training.workdir import own_workdir


def dataset(*glosses, known=False):
    """Training clips of eight frames with these glosses, of an earlier version where not known."""
    train = [
        {**clip, "glosses": [*map(str.encode, words)]}
        for clip, words in zip(DATASET.splits["train"], glosses, strict=False)
    ]
    clips = {
        "train": tuple(ClipFacts(f"clip{i}", 6, tuple(words)) for i, words in enumerate(glosses)),
        "dev": (ClipFacts("clip7", 9, ("A", "B")),),
    }
    return DATASET._replace(
        num_frames={"train": (6,) * len(train), "dev": (9,)},
        splits={"train": train, "dev": DATASET.splits["dev"][:1]},
        clips=clips if known else {},
    )


@pytest.fixture
def train(monkeypatch, tmp_path):
    def run(data, **training):
        config = small_config(rescale=0.0)
        config.training.update({"batch_size": 1, "epochs": 2} | training)
        config.evaluation.batch_size = 1
        config.model.update({"depths": (1, 1, 1, 1), "temporal_blocks": (1, 1, 1, 1), "width": 8})
        config.model.update({"beta_inv": 2, "hidden_size": 8, "pathway_enhancement": False})
        monkeypatch.setattr(sources, "open_dataset", lambda *_: data)
        loop.train(config, tmp_path)
        return (tmp_path / "train.log").read_text()

    return run


@pytest.fixture
def no_network(monkeypatch):
    """Losses by the oracle, and nothing is compiled."""

    def step(state, batch, **_):
        (first, second, *_), n = batch["labels"][0], batch["num_labels"][0]
        loss = jnp.inf if n == 2 and first == second else 1.0
        state = state._replace(step=state.step + 1, skipped=state.skipped + jnp.isinf(loss))
        metrics = {"loss": loss, "grad_norm": 1.0, "learning_rate": 1.0, "skipped": state.skipped}
        return state, metrics

    nothing = SplitPredictions({"clip7": ("A",)}, {"clip7": ()}, {"clip7": ()}, {"clip7": "anna"})
    monkeypatch.setattr(loop, "train_step", step)
    monkeypatch.setattr(loop, "calls_of", lambda *_: [])
    monkeypatch.setattr(loop, "predict_split", lambda *_: nothing)


def test_an_epoch_of_nothing_else_ends_the_run(train, tmp_path):
    for _ in range(2):  # and whoever gives the command again
        with pytest.raises(NotFiniteError, match="2 of 2 batches of epoch 1 had a loss or"):
            train(dataset("AA", "AA"), epochs=30)
    lines = (tmp_path / "not_finite.log").read_text().splitlines()
    clips = {
        re.fullmatch(rf"step {step}: loss inf, gradient norm \S+, clips (clip\d)", line)[1]
        for step, line in enumerate(lines, 1)
    }
    assert clips == {"clip0", "clip1"}
    assert (tmp_path / "checkpoints" / "2").is_dir()
    assert not (tmp_path / "best").exists()
    assert "prepared by an earlier version" in (tmp_path / "train.log").read_text()


def test_too_many_in_an_epoch_end_the_run(train, no_network):
    with pytest.raises(NotFiniteError, match=r"[23] of [23] batches of epoch 1"):
        train(dataset("AA", "A", "AA"), max_skipped=2)


def test_one_in_each_epoch_does_not_end_it(train, no_network, tmp_path):
    log = train(dataset("A", "AA", "B"), max_skipped=2, epochs=3)
    assert log.count("  1 batch skipped") == 3
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert [epoch["skipped"] for epoch in metrics] == [1, 1, 1]
    assert all(np.isfinite(epoch["loss"] + epoch["grad_norm"]) for epoch in metrics)


def test_a_clip_that_can_never_be_learned_is_named_and_left_out(train, no_network, tmp_path):
    log = train(dataset("A", "AA", "B", known=True))
    assert "left out 1 of 3 training clips, which are too short for their glosses" in log
    reason = "clip clip1: its 2 glosses need 3 steps, and 8 frames are 2"
    assert reason in log
    assert (tmp_path / "too_short.log").read_text() == f"{reason}\n"
    assert "skipped" not in log
    assert "go on from step 4" in train(dataset("A", "AA", "B", known=True))  # 2 epochs of 2 steps

    with pytest.raises(UserError, match=r"another dataset \(other glosses in train\)"):
        train(dataset("A", "AA", "A", known=True))
    with pytest.raises(UserError, match=r"another dataset \(train: 3 clips there and 2 now\)"):
        train(dataset("A", "AA", known=True), batch_size=1)
    more = dataset("A", "AA", "B", known=True)._replace(vocabulary=("A", "B", "C"))
    with pytest.raises(UserError, match=r"\(vocabulary: 2 glosses there and 3 now\)"):
        train(more)


def test_a_run_of_an_earlier_version_goes_on_with_its_clips(train, no_network, tmp_path):
    train(dataset("A", "AA", "B"), epochs=1)
    (tmp_path / "dataset.json").unlink()
    for _ in range(2):  # with the dataset prepared again
        log = train(dataset("A", "AA", "B", known=True), epochs=1)
        told, go_on, _ = log.splitlines()[-3:]
        assert "did not write down its dataset" in told
        assert go_on.startswith("go on from step 3")
        assert not (tmp_path / "dataset.json").exists()


def test_no_clip_can_be_learned(train, tmp_path):
    with pytest.raises(UserError, match=r"0 training clips that can be .* 2 are too short"):
        train(dataset("AA", "BB", known=True))
    assert not list(tmp_path.iterdir())


def test_one_process_trains_in_a_workdir(train, tmp_path):
    with (
        own_workdir(tmp_path, small_config(), {}),
        pytest.raises(UserError, match=r"another process is training in .* \(process \d+ on .*, s"),
    ):
        train(dataset("A", "B"))


def test_an_epoch_may_have_begun_in_a_version_with_more_metrics():
    steps = [
        {"loss": 1.0, "grad_norm": 1.0, "param_norm": 5.0},
        {"loss": np.nan, "grad_norm": 1.0},
        {"loss": 7.0, "grad_norm": np.inf},
        {"loss": 3.0, "grad_norm": 2.0},
    ]
    assert loop.finite_mean(steps) == {"loss": 2.0, "grad_norm": 1.5}
