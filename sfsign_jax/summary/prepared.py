"""The summary of a dataset that was prepared, just now or before."""

from sfsign_jax.data.catalog import clip_facts
from sfsign_jax.data.preparation import Prepared
from sfsign_jax.files import write_text_atomically
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.summary.findings import Finding, findings
from sfsign_jax.summary.histograms import histograms
from sfsign_jax.summary.lines import summary_lines
from sfsign_jax.summary.page import summary_page
from sfsign_jax.summary.table import split_table

PAGE = "summary.html"


def summarise(prepared: Prepared) -> list[str]:
    """Writes the page beside the records, and returns the lines to print.

    Clips are measured against the temporal stack of the published network.

    Raises:
        UserError: the page can't be written.
    """
    metadata, clips = prepared.metadata, clip_facts(prepared.metadata)
    again = f"delete {prepared.folder} and prepare it again"
    if not clips:
        return [f"an earlier version prepared it: to see what is in it, {again}"]
    rows = split_table(clips, metadata.references, metadata.frame_rate)
    stack = ModelConfig(num_classes=2).temporal_stack
    found = findings(clips, metadata.references, prepared.rows, stack)
    about = {
        "dataset": prepared.name,
        "vocabulary": f"{len(metadata.vocabulary)} glosses",
        "frames": "{}×{} pixels".format(*metadata.frame_size),
    }
    if metadata.frame_rate:
        about["frame rate"] = f"{metadata.frame_rate:g} a second"
    if not metadata.checksums:
        problem = "signers and copies of clips are not known: an earlier version prepared it"
        found.append(Finding(problem, again, []))
    page = prepared.folder / PAGE
    write_text_atomically(page, summary_page(about, rows, found, histograms(clips)))
    first = ", ".join(f"{name}: {value}" for name, value in about.items() if name != "dataset")
    return [first, *summary_lines(rows, found), f"all of it: {page}"]
