import subprocess
import sys
from typing import NamedTuple

import pytest

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.score import main

STM = "a 1 signer05 0.0 1.79769e+308 NORD REGEN KOMMEN\nb 1 signer05 0.0 1.79769e+308 SONNE\n"


class Outcome(NamedTuple):
    status: int | str | None
    stdout: str
    stderr: str


@pytest.fixture
def score(tmp_path, monkeypatch, capsys):
    """Runs the command line on STM and a CTM with the given text."""

    def run(ctm, *arguments):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "reference.stm").write_text(STM)
        (tmp_path / "hypothesis.ctm").write_text(ctm)
        files = ["--reference", "reference.stm", "--hypothesis", "hypothesis.ctm"]
        monkeypatch.setattr(sys, "argv", ["score", *files, *arguments])
        try:
            run_command_line(main)
        except SystemExit as stop:
            return Outcome(stop.code, *capsys.readouterr())
        return Outcome(0, *capsys.readouterr())

    return run


def test_score(score):
    result = score("a 1 0.00 0.01 loc-NORD\na 1 0.01 0.02 KOMMEN\nb 1 0.00 0.01 WOLKE\n")
    assert result.status == 0
    assert result.stdout == (
        "WER            50.00%      2\n"
        "substitutions  25.00%      1\n"
        "deletions      25.00%      1\n"
        "insertions      0.00%      0\n"
        "words                      4\n"
    )
    assert result.stderr == ""


def test_a_clip_without_a_line_is_empty_and_said_to_be(score):
    result = score("b 1 0.00 0.01 SONNE\n")
    assert result.status == 0
    assert "WER            75.00%      3" in result.stdout
    assert "1 of 2 clips are not predicted: scored as empty" in result.stdout


@pytest.mark.parametrize(
    ("ctm", "message"),
    [
        ("", "hypothesis.ctm: predicts none of the 2 clips of reference.stm"),
        ("c 1 0.00 0.01 SONNE\n", "hypothesis.ctm: predicts none of the 2 clips"),
        ("a 1 0 1 NORD\nc 1 0 1 NORD\n", "no reference for 1 clip (c)"),
        ("a 1 0.00 0.01\n", "hypothesis.ctm, line 1: expected 'id 1 start end gloss'"),
    ],
)
def test_mistakes_end_with_one_sentence_and_status_2(score, ctm, message):
    result = score(ctm)
    assert result.status == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_sclite_missing(score, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = score("a 1 0 1 NORD\n", "--tool", "sclite")
    assert result.status == 2
    assert "apt-get install sctk" in result.stderr


def test_scoring_does_not_import_jax():
    program = "import sys, sfsign_jax.score; assert not {'jax', 'flax', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
