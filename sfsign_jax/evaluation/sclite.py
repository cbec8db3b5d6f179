"""The word error rate as NIST's sclite counts it, for comparison with numbers published so."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.transcripts import write_ctm, write_stm
from sfsign_jax.evaluation.word_errors import WordErrors, count_errors, scored_words

# | Sum | sentences words | correct substitutions deletions insertions errors ...
_SUM_ROW = re.compile(r"\| *Sum *\| *(\d+) +(\d+) *\| *\d+ +(\d+) +(\d+) +(\d+) ")


def sclite_word_error_rate(
    references: Mapping[str, Sequence[str]],
    predictions: Mapping[str, Sequence[str]],
    *,
    missing_as_empty: bool = False,
) -> WordErrors:
    """word_error_rate, counted by sclite.

    As in the official PHOENIX2014 scripts, equal neighbours of a prediction are *not* merged: each
    repetition is an insertion. Without them the tools disagree only where alignments cost the same
    (three substitutions, or four deletions and insertions), which is rare.

    Raises:
      UserError: sclite is not installed or fails, or as for word_error_rate.
    """
    command = _sclite_command()
    scored = scored_words(references, predictions, missing_as_empty=missing_as_empty)
    with tempfile.TemporaryDirectory() as folder:
        stm, ctm = Path(folder, "reference.stm"), Path(folder, "hypothesis.ctm")
        # sclite wants the clips of both files in the same order: here that of the references.
        write_stm(stm, references)
        write_ctm(ctm, scored)
        # -s compares words as they are written; otherwise sclite ignores the case.
        result = subprocess.run(
            [*command, "-s", "-r", stm, "stm", "-h", ctm, "ctm", "-f", "0", "-o", "rsum", "stdout"],
            capture_output=True,
            check=False,
        )
    output = result.stdout.decode("utf-8", errors="replace")
    row = _SUM_ROW.search(output)
    num_words = sum(len(glosses) for glosses in references.values())
    if (
        result.returncode != 0
        or row is None
        or (int(row[1]), int(row[2])) != (len(references), num_words)
    ):
        said = " ".join((result.stderr.decode("utf-8", errors="replace") or output).split())
        raise UserError(
            f"{' '.join(command)} failed with status {result.returncode}: score with the Python"
            f" tool instead; it said: {said[-300:] or 'nothing'}"
        )
    return count_errors(
        substitutions=int(row[3]), deletions=int(row[4]), insertions=int(row[5]), words=num_words
    )


def _sclite_command() -> list[str]:
    """How sclite is called here: by its own name, or through the wrapper that Debian installs."""
    if sclite := shutil.which("sclite"):
        return [sclite]
    if sctk := shutil.which("sctk"):
        return [sctk, "sclite"]
    raise UserError(
        "NIST sclite is not installed: install it (Debian and Ubuntu: apt-get install sctk;"
        " elsewhere build github.com/usnistgov/SCTK and put sclite on the PATH), or score with the"
        " Python tool"
    )
