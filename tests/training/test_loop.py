"""Oracle: the same run without a stop, with each block by itself."""

import contextlib
import json

import pytest
from small_dataset import DATASET, small_config

from sfsign_jax.training import loop, sources, state


@pytest.mark.slow
def test_a_run_goes_on_with_stacked_blocks_and_without(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "open_dataset", lambda *_: DATASET)
    config = small_config()
    config.training.update({"epochs": 3, "save_steps": 1})
    config.evaluation.batch_size = 1
    config.model.update({"depths": (1, 3, 3, 1), "temporal_blocks": (1, 1, 3, 1), "width": 8})
    config.model.update({"beta_inv": 2, "hidden_size": 8, "pathway_enhancement": False})
    save = loop.save

    def train(workdir, stacked, saves):
        """Until so many checkpoints are saved."""
        left = iter(range(saves - 1, -1, -1))

        def save_and_stop(*arguments):
            save(*arguments)
            if next(left, None) == 0:
                raise KeyboardInterrupt

        monkeypatch.setattr(state, "kernels_are_costly", lambda: stacked)
        monkeypatch.setattr(loop, "save", save_and_stop)
        with contextlib.suppress(KeyboardInterrupt):
            loop.train(config, workdir)

    train(tmp_path / "ours", stacked=False, saves=2)
    train(tmp_path / "ours", stacked=True, saves=3)
    train(tmp_path / "ours", stacked=False, saves=100)
    train(tmp_path / "expected", stacked=False, saves=100)
    ours, expected = (
        json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("ours", "expected")
    )
    assert len(ours) == len(expected) == 3
    log = (tmp_path / "ours" / "train.log").read_text()
    assert log.count("go on from step") == 2
    for one, other in zip(ours, expected, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-3)
