"""Oracle: the notebook, in which an error ends the run, and the WER that its last table gives."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from oracle import oracle_of, small_config, state_of
from video_files import write_video

from sfsign_jax.checkpoint import ModelDescription, save_checkpoint
from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.preparation import prepare
from sfsign_jax.data.transforms import Preprocessing

QUICKSTART = Path(__file__).parents[1] / "notebooks" / "quickstart.ipynb"
PARAMETERS = """
from pathlib import Path
checkpoint, video = Path("best"), Path("clip.mp4")
dataset_name, prepared_dir = "synthetic_signs/demo_2_1_24", "data"
"""


@pytest.mark.slow
def test_quickstart(tmp_path):
    """On a network of random weights, which is wrong: of 24 clips twenty are trained on."""
    prepare("synthetic_signs/demo", tmp_path / "data", clips="2,1,24")
    dataset = open_dataset("synthetic_signs/demo_2_1_24", tmp_path / "data")
    config = small_config(num_classes=len(dataset.vocabulary) + 1)
    preprocessing = Preprocessing((72, 72), (64, 64), frame_rate=25.0)
    description = ModelDescription(config, dataset.vocabulary, preprocessing, "drawn at random")
    save_checkpoint(tmp_path / "best", state_of(config, oracle_of(config)), description)
    noise = np.random.default_rng(0).integers(0, 256, (20, 72, 72, 3), np.uint8)
    write_video(tmp_path / "clip.mp4", noise)

    notebook = nbformat.read(QUICKSTART, as_version=4)
    [parameters] = [
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())
    ]
    parameters.source = PARAMETERS
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    words = sum(len(record["glosses"]) for record in [*dataset.splits["test"]][20:])
    assert re.search(rf"^all: .* errors in {words} words; tuned .* {words} words$", printed, re.M)
    [losses] = re.findall(r"losses: (.*)", printed)
    first, *_, last = map(float, losses.split())
    assert last < first


def test_it_is_saved_small_as_it_ran_from_top_to_bottom():
    """On a code host it is read with its outputs."""
    assert QUICKSTART.stat().st_size < 300_000
    cells = [cell for cell in nbformat.read(QUICKSTART, as_version=4).cells if "outputs" in cell]
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
