import json

import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import read_ctm, read_stm, word_error_rate, write_results

REFERENCES = {"a": ["REGEN", "WIND"], "b": ["SONNE"]}
HEADS = {"BiLSTM": {"a": ["REGEN"], "b": []}, "conv": {"a": ["REGEN", "WIND"], "b": ["SONNE"]}}
SIGNERS = {"a": "Signer01", "b": "Signer02"}


def test_files_say_what_was_counted(tmp_path):
    errors = write_results(tmp_path / "new", {"split": "dev"}, REFERENCES, HEADS, SIGNERS)
    metrics = json.loads((tmp_path / "new/metrics.json").read_text())
    assert (metrics["split"], metrics["clips"]) == ("dev", 2)
    references = read_stm(tmp_path / "new/references.stm")
    for head, counts in errors.items():
        predictions = read_ctm(tmp_path / f"new/{head}.ctm")
        assert word_error_rate(references, predictions, missing_as_empty=True) == counts
        assert metrics["heads"][head] == counts._asdict()
    assert errors["conv"].rate == 0


def test_signers_are_in_the_references_and_the_report(tmp_path):
    write_results(tmp_path, {}, REFERENCES, HEADS, SIGNERS)
    assert "b 1 Signer02 " in (tmp_path / "references.stm").read_text()
    assert "Signer02" in (tmp_path / "report.html").read_text()


def test_nothing_is_written_where_nothing_can_be_counted(tmp_path):
    with pytest.raises(UserError):
        write_results(tmp_path / "new", {}, REFERENCES, {"conv": {"a": []}}, SIGNERS)
    assert not list(tmp_path.iterdir())
