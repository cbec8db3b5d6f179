"""Oracle: the notebook, in which an error ends the run, and the WER that its last table gives."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tfds_builders.synthetic_signs.corpus import DEMO, make_clip

QUICKSTART = Path(__file__).parents[1] / "notebooks" / "quickstart.ipynb"


@pytest.mark.slow
def test_quickstart(tmp_path):
    notebook = nbformat.read(QUICKSTART, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    clips = [make_clip(DEMO, "test", number) for number in range(20, DEMO.clips["test"])]
    words = sum(len(clip.glosses) for clip in clips)
    assert re.search(rf"^all: .* errors in {words} words; tuned .* {words} words$", printed, re.M)
    [losses] = re.findall(r"losses: (.*)", printed)
    first, *_, last = map(float, losses.split())
    assert last < first
    assert not list(tmp_path.iterdir())


def test_it_is_saved_small_as_it_ran_from_top_to_bottom():
    """On a code host it is read with its outputs."""
    assert QUICKSTART.stat().st_size < 300_000
    cells = [cell for cell in nbformat.read(QUICKSTART, as_version=4).cells if "outputs" in cell]
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
