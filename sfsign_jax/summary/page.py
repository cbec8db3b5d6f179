"""The summary as one HTML page, which needs a browser and nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sfsign_jax import evaluation
from sfsign_jax.summary.findings import Finding
from sfsign_jax.summary.histograms import Histogram
from sfsign_jax.summary.table import Row


def summary_page(
    about: Mapping[str, str],
    rows: Sequence[Row],
    found: Sequence[Finding],
    histograms: Sequence[Histogram],
) -> str:
    """The table of splits, all that was found, and how long clips and sentences are."""
    return _TEMPLATES.get_template("page.html").render(
        about=about, splits=list(rows[0].values), rows=rows, found=found, histograms=histograms
    )


_TEMPLATES = Environment(
    # The look is that of the evaluation report.
    loader=FileSystemLoader([Path(__file__).parent, Path(evaluation.__file__).parent]),
    autoescape=True,  # clip ids, signers and glosses are whatever a corpus says
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
