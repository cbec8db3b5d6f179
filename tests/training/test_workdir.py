"""Oracle: configs written by hand."""

import json

import pytest
from ml_collections import ConfigDict

from sfsign_jax.configuration import published_config
from sfsign_jax.errors import UserError
from sfsign_jax.training.workdir import CONFIG, write_down


def test_the_same_run_goes_on_and_another_is_refused(tmp_path):
    config = published_config()
    (tmp_path / "run").mkdir()
    write_down(tmp_path / "run", config, {})
    write_down(tmp_path / "run", config, {})
    config.optimizer.learning_rate = 1.0
    with pytest.raises(UserError, match=r"config.optimizer.learning_rate is 0.0001 there and 1.0"):
        write_down(tmp_path / "run", config, {})


def test_what_an_earlier_version_did_not_know_was_off(tmp_path):
    config = published_config()
    write_down(tmp_path, config, {})
    written = json.loads((tmp_path / CONFIG).read_text())
    del written["data"]["join"], written["training"]["head_epochs"]
    (tmp_path / CONFIG).write_text(json.dumps(written))
    write_down(tmp_path, config, {})
    assert json.loads((tmp_path / CONFIG).read_text())["data"]["join"] == 0.0
    (tmp_path / CONFIG).write_text(json.dumps(written))
    config.data.join = 0.5
    with pytest.raises(UserError, match=r"config.data.join is 0.0 there and 0.5 now"):
        write_down(tmp_path, config, {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "null",
        '{"seed": NaN}',
        "[" * 5000,
        '{"a":' * 5000,
        '{"a":' * 900 + "1" + "}" * 900,
        '"' + "a" * 40_000_000 + '"',
    ],
    ids=lambda text: text[:12],
)
def test_a_damaged_config(tmp_path, text):
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(UserError, match=r"config\.json"):
        write_down(tmp_path, ConfigDict({"seed": 0}), {})
    assert (tmp_path / CONFIG).read_text() == text
