"""The word error rate as NIST's sclite counts it, for comparison with numbers published so."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.nist import NistCount, nist_word_error_rate
from sfsign_jax.evaluation.nist_files import content_lines
from sfsign_jax.evaluation.transcripts import write_ctm, write_stm
from sfsign_jax.evaluation.word_errors import WordErrors, count_errors, scored_words

# | Sum | sentences words | correct substitutions deletions insertions errors ...
_SUM_ROW = re.compile(r"\| *Sum *\| *(\d+) +(\d+) *\| *\d+ +(\d+) +(\d+) +(\d+) ")
_PATIENCE = 60  # seconds; where alternatives are thousands of characters long, it needs hours


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
        count = _run(command, stm, ctm, "-s")
    num_words = sum(len(glosses) for glosses in references.values())
    if (count.segments, count.errors.words) != (len(references), num_words):
        raise UserError(
            f"{' '.join(command)} failed: it counted {count.errors.words} words in {count.segments}"
            f" clips, not {num_words} in {len(references)}; score with the Python tool instead"
        )
    return count.errors


def sclite_files_word_error_rate(
    stm: str | os.PathLike[str], ctm: str | os.PathLike[str]
) -> NistCount:
    """What sclite counts for two files as they are.

    Only what sclite stumbles over is put right: the order of the clips, line ends, blank lines and
    comments, and other spellings of the same (see `clean_text`).

    Raises:
      UserError: a line is malformed, which sclite might not tell, or sclite is not installed or
        fails.
    """
    command = _sclite_command()
    own = nist_word_error_rate(stm, ctm)
    with tempfile.TemporaryDirectory() as folder:
        references, predictions = _lines(stm), _lines(ctm)
        # sclite wants the clips of both files in the same order.
        order = {place: i for i, place in enumerate(dict.fromkeys(map(_place, references)))}
        predictions.sort(key=lambda line: order.get(_place(line), -1))
        copies = Path(folder, "reference.stm"), Path(folder, "hypothesis.ctm")
        for copy, lines in zip(copies, (references, predictions), strict=True):
            text = "".join(f"{line}\n" for line in lines)
            copy.write_text(text, encoding="utf-8", newline="\n")
        count = _run(command, *copies)
    if count.segments != own.segments:
        raise UserError(
            f"{' '.join(command)} failed: it found {count.segments} segments in {stm}, not"
            f" {own.segments}; score with --tool nist instead"
        )
    return count._replace(not_predicted=own.not_predicted)


def _lines(path: str | os.PathLike[str]) -> list[str]:
    """The lines that sclite shall read.

    Raises:
      UserError: one has a character that sclite can't be told to take for an ordinary one.
    """
    lines = []
    for where, line in content_lines(path):
        if found := re.search(r"\\[{}@]", line):
            raise UserError(f"{where}: sclite has no {found[0]}; score with --tool nist instead")
        lines.append(line)
    return lines


def _place(line: str) -> str:
    """File and channel; sclite does not tell capitals from small letters."""
    return " ".join(line.split()[:2]).lower()


def _run(command: Sequence[str], stm: Path, ctm: Path, *options: str) -> NistCount:
    """What sclite counts.

    Raises:
      UserError: it fails.
    """
    files = ["-r", str(stm), "stm", "-h", str(ctm), "ctm"]
    try:
        result = subprocess.run(
            [*command, *options, "-e", "utf-8", *files, "-f", "0", "-o", "rsum", "stdout"],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
        )
    except OSError as error:
        raise UserError(f"{' '.join(command)} can't be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"{' '.join(command)} was not done after {_PATIENCE} seconds: score with the Python"
            " tool instead"
        ) from error
    output = result.stdout.decode("utf-8", errors="replace")
    row = _SUM_ROW.search(output)
    if result.returncode != 0 or row is None:
        said = " ".join((result.stderr.decode("utf-8", errors="replace") or output).split())
        raise UserError(
            f"{' '.join(command)} failed with status {result.returncode}: score with the Python"
            f" tool instead; it said: {said[-300:] or 'nothing'}"
        )
    segments, words, substitutions, deletions, insertions = map(int, row.groups())
    if not words:
        raise UserError(f"{' '.join(command)} found no reference word")
    errors = count_errors(
        substitutions=substitutions, deletions=deletions, insertions=insertions, words=words
    )
    return NistCount(errors, segments, 0)


def _sclite_command() -> list[str]:
    """How sclite is called here: by its own name, or as the wrapper that Debian installs tells.

    Not through the wrapper, which would leave an sclite behind that runs out of time.
    """
    if sclite := shutil.which("sclite"):
        return [sclite]
    if sctk := shutil.which("sctk"):
        folder = subprocess.run([sctk, "path"], capture_output=True, text=True, check=False)
        return [str(Path(folder.stdout.strip(), "sclite"))]
    raise UserError(
        "NIST sclite is not installed: install it (Debian and Ubuntu: apt-get install sctk;"
        " elsewhere build github.com/usnistgov/SCTK and put sclite on the PATH), or score with the"
        " Python tool"
    )
