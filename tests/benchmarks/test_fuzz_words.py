"""Oracle: whatever is read gives a result or one sentence, within twenty seconds and a gigabyte."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzz_words import fuzz, make_kinds


def test_damaged_words(tmp_path):
    kinds = make_kinds(tmp_path)
    assert [name for name, kind in kinds.items() if fuzz(name, kind, 50, seed=1)] == []
