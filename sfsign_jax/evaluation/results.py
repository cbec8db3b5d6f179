"""What an evaluation leaves on disk: references, predictions, and how they compare."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sfsign_jax.evaluation.page import report_page
from sfsign_jax.evaluation.transcripts import write_ctm, write_stm
from sfsign_jax.evaluation.word_errors import WordErrors, word_error_rate
from sfsign_jax.files import read_json, write_text_atomically

REFERENCES = "references.stm"
METRICS = "metrics.json"
REPORT = "report.html"


@dataclasses.dataclass(frozen=True)
class Metrics:
    """What metrics.json says."""

    dataset: str
    split: str
    padding: str
    checkpoint: str  # its name
    clips: int
    heads: dict[str, dict[str, float]]  # the fields of WordErrors, rate in percent
    fingerprint: str = ""  # of the checkpoint's arrays; earlier versions did not write it


def read_metrics(path: Path) -> Metrics:
    """What an evaluation found.

    Raises:
        UserError: the file can't be read, or is no such file.
    """
    return read_json(path, Metrics)


def write_results(
    folder: Path,
    about: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    heads: Mapping[str, Mapping[str, Sequence[str]]],
    signers: Mapping[str, str],
) -> dict[str, WordErrors]:
    """Write references.stm, a CTM file for each head, metrics.json and report.html; the errors of
    each head.

    `heads` holds the predictions under the heads' names, the result first; `about` says what was
    evaluated.

    Raises:
        UserError: as for `word_error_rate`, or a file can't be written.
    """
    errors = {head: word_error_rate(references, glosses) for head, glosses in heads.items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_stm(folder / REFERENCES, references, signers)
    for head, glosses in heads.items():
        write_ctm(folder / f"{head}.ctm", glosses)
    metrics = {
        **about,
        "clips": len(references),
        "heads": {head: counts._asdict() for head, counts in errors.items()},
    }
    text = json.dumps(metrics, indent=2, ensure_ascii=False)
    write_text_atomically(folder / METRICS, text + "\n")
    write_text_atomically(folder / REPORT, report_page(about, references, heads, signers))
    return errors
