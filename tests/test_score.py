import subprocess
import sys
from typing import NamedTuple

import pytest
from nist_sclite import needs_sclite

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
        ("a 1 0.00 0.01\n", "hypothesis.ctm, line 1: expected 'id 1 start duration gloss'"),
    ],
)
def test_mistakes_end_with_one_sentence_and_status_2(score, ctm, message):
    result = score(ctm)
    assert result.status == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_errors_of_case_only_are_told(score):
    result = score("a 1 0 1 nord\na 1 1 1 REGEN\nb 1 0 1 SONNE\n")
    assert "WER            50.00%      2" in result.stdout
    assert "1 errors are of upper and lower case only, which --tool nist ignores" in result.stdout


def test_files_are_counted_by_the_rules_of_nist(score):
    """NORD twice is an insertion, loc- is no mark to be cleaned away, case is nothing."""
    result = score("a 1 0 1 nord\na 1 1 1 NORD\na 1 2 1 loc-REGEN\na 1 3 1 KOMMEN\n", "--tool=nist")
    assert result.status == 0
    assert result.stdout == (
        "WER            75.00%      3\n"
        "substitutions  25.00%      1\n"
        "deletions      25.00%      1\n"
        "insertions     25.00%      1\n"
        "words                      4\n"
        "segments                   2\n"
        "1 files or channels are not predicted: scored as empty\n"
    )


@needs_sclite
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sclite_is_handed_the_files_as_they_are(score, end):
    ctm = f"a 1 0 1 nord{end}a 1 1 1 NORD{end}a 1 2 1 loc-REGEN{end}a 1 3 1 KOMMEN{end}"
    assert score(ctm, "--tool=sclite").stdout == score(ctm, "--tool=nist").stdout


@needs_sclite
def test_sclite_is_handed_clips_in_its_order(score):
    result = score("B 1 0 1 sonne\na 1 0 1 NORD\n", "--tool=sclite")
    assert "words                      4\nsegments                   2\n" in result.stdout
    assert "deletions      50.00%      2" in result.stdout


def test_sclite_missing(score, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = score("a 1 0 1 NORD\n", "--tool", "sclite")
    assert result.status == 2
    assert "apt-get install sctk" in result.stderr


def test_scoring_does_not_import_jax():
    program = "import sys, sfsign_jax.score; assert not {'jax', 'flax', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
