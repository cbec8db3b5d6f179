"""Oracle: each damaged input is read as it was saved, or refused in one sentence."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzz_models import fuzz, make_kinds


def test_a_few_inputs_of_each_kind(tmp_path):
    kinds = make_kinds(tmp_path)
    assert [name for name, kind in kinds.items() if fuzz(name, kind, 8, seed=1)] == []
