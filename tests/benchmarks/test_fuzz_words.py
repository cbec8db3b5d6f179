"""Oracle: whatever is read gives a result or one sentence, within twenty seconds and a gigabyte."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import fuzz_words


@pytest.mark.parametrize("kind", fuzz_words.KINDS)
def test_damaged_words(kind, tmp_path):
    assert "50 inputs" in fuzz_words.fuzz(kind, 50, 1, fuzz_words.prepare(tmp_path))
