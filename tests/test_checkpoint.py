import dataclasses
import json

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import oracle_of, small_config, state_of

from sfsign_jax.checkpoint import (
    ModelDescription,
    load_checkpoint,
    read_description,
    save_checkpoint,
)
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import load

CONFIG = small_config(share_classifier=2)
DESCRIPTION = ModelDescription(
    CONFIG, ("A", "B", "C", "D", "E", "F"), Preprocessing((40, 40), (32, 32)), "a test"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    return folder


def clip(frames, size=40):
    return np.random.default_rng(frames).integers(0, 256, (frames, size, size, 3), np.uint8)


def test_round_trip(checkpoint):
    model, description = load_checkpoint(checkpoint)
    assert description == DESCRIPTION
    state = state_of(CONFIG, oracle_of(CONFIG))
    for saved, loaded in zip(
        jax.tree.leaves(state), jax.tree.leaves(nnx.state(model)), strict=True
    ):
        np.testing.assert_array_equal(saved, loaded)


def test_glosses_saved_in_other_spellings_are_one_gloss(tmp_path):
    glosses = ("U\u0308BER", "\u00dcBER", "A\u200b", "C", "D", "E")
    description = dataclasses.replace(DESCRIPTION, vocabulary=glosses)
    fields = {"format": 1} | dataclasses.asdict(description)
    (tmp_path / "model.json").write_text(json.dumps(fields))
    assert read_description(tmp_path).vocabulary == ("ÜBER", "ÜBER", "A", "C", "D", "E")


def test_saving_again_replaces_the_old_one(checkpoint, tmp_path):
    for _ in range(2):
        save_checkpoint(tmp_path / "model", state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    load_checkpoint(tmp_path / "model")


def test_logits_do_not_depend_on_batch_or_bucket(checkpoint):
    recognizer = load(checkpoint)
    alone = recognizer.logits([clip(21)])
    steps = int(alone.num_steps[0])
    for batch, row, bucket in (([clip(30), clip(21), clip(5)], 1, None), ([clip(21)], 0, 96)):
        logits = recognizer.logits(batch, bucket=bucket)
        assert int(logits.num_steps[row]) == steps
        for ours, expected in zip(logits[:2], alone[:2], strict=True):
            np.testing.assert_allclose(ours[row, :steps], expected[0], atol=1e-5)


def test_recognize(checkpoint):
    recognizer = load(checkpoint)
    recognition = recognizer.recognize(clip(21))
    assert len(recognition.spans) == len(recognition.glosses) == len(recognition.tokens)
    assert set(recognition.glosses) <= set(DESCRIPTION.vocabulary or ())
    last = -1
    for start, end in recognition.spans:
        assert last < start <= end < 21
        last = end
    scores = [recognition.log_probability, *(a.log_probability for a in recognition.alternatives)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (clip(0), "has no frames"),
        (clip(5, 39), "this model takes uint8 frames"),
        (clip(5).astype(np.float32), "this model takes uint8 frames"),
    ],
)
def test_wrong_clips(checkpoint, wrong, message):
    with pytest.raises(UserError, match=message):
        load(checkpoint).logits([wrong])


def test_folder_that_is_no_checkpoint(tmp_path):
    with pytest.raises(UserError, match="is not a checkpoint"):
        load(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(UserError, match="does not describe a model"):
        load(tmp_path)


def test_arrays_that_do_not_fit(checkpoint, tmp_path):
    save_checkpoint(tmp_path / "model", state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    path = tmp_path / "model" / "model.json"
    fields = json.loads(path.read_text())
    fields["config"]["hidden_size"] = 16
    path.write_text(json.dumps(fields))
    assert read_description(tmp_path / "model").config.hidden_size == 16
    with pytest.raises(UserError, match="do not fit"):
        load(tmp_path / "model")


def test_a_kill_between_the_two_renames_of_a_replacement_loses_nothing(checkpoint, tmp_path):
    folder = tmp_path / "best"
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    rename = type(folder).rename
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(folder), "rename", killed_after_one(rename))
        save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG, seed=1)), DESCRIPTION)
    assert not folder.exists()
    assert load_checkpoint(folder)[1] == DESCRIPTION
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def killed_after_one(rename):
    calls = []

    def renamed(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return rename(*arguments)

    return renamed
