"""Batches that are not finite: named, counted, and at the limit the end of the run."""

import re

import numpy as np
import pytest
from small_dataset import DATASET, small_config

from sfsign_jax.training import loop, sources
from sfsign_jax.training.stopping import NotFiniteError

# Two equal glosses need three steps, and a clip of eight frames has two: no alignment, so that
# the loss is infinite, whatever the weights.
TOO_SHORT = DATASET._replace(
    num_frames={"train": (6, 6), "dev": (9,)},
    splits={
        "train": [{**clip, "glosses": [b"A", b"A"]} for clip in DATASET.splits["train"][:2]],
        "dev": DATASET.splits["dev"][:1],
    },
)


def test_too_many_end_the_run(monkeypatch, tmp_path):
    config = small_config()
    # Reached in the second epoch of two steps; seen a step later, when its metrics are there.
    config.training.update({"max_skipped": 3, "batch_size": 1})
    config.evaluation.batch_size = 1
    config.model.update({"depths": (1, 1, 1, 1), "temporal_blocks": (1, 1, 1, 1), "width": 8})
    config.model.update({"beta_inv": 2, "hidden_size": 8, "pathway_enhancement": False})
    monkeypatch.setattr(sources, "open_dataset", lambda *_: TOO_SHORT)
    with pytest.raises(NotFiniteError, match="4 batches had a loss or gradient that is not finite"):
        loop.train(config, tmp_path)
    lines = (tmp_path / "not_finite.log").read_text().splitlines()
    clips = [
        re.fullmatch(rf"step {step}: loss inf, gradient norm \S+, clips (clip\d)", line)[1]
        for step, line in enumerate(lines, 1)
    ]
    assert [{*clips[:2]}, {*clips[2:]}] == [{"clip0", "clip1"}] * 2
    assert len(clips) == 4
    assert (tmp_path / "checkpoints" / "4").is_dir()


def test_an_epoch_may_have_begun_in_a_version_with_more_metrics():
    steps = [{"loss": 1.0, "param_norm": 5.0}, {"loss": np.nan}, {"loss": 3.0}]
    assert loop.finite_mean(steps) == {"loss": 2.0}
