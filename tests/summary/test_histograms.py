"""Oracle: counts by hand, and that every value is in one bar."""

import numpy as np
import pytest

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.summary.histograms import MOST_BARS, doubling_bars, equal_bars, histograms


def test_bars_by_hand():
    assert equal_bars([9, 10, 14, 15, 31], 5) == [
        ("5–9", 1),
        ("10–14", 2),
        ("15–19", 1),
        ("20–24", 0),
        ("25–29", 0),
        ("30–34", 1),
    ]
    assert doubling_bars([1, 3, 4, 5, 9]) == [
        ("1", 1),
        ("2", 0),
        ("3–4", 2),
        ("5–8", 1),
        ("9–16", 1),
    ]


@pytest.mark.parametrize("longest", [1, 9, 100, 304, 5000])
def test_every_clip_is_in_one_of_a_few_bars(longest):
    lengths = np.random.default_rng(longest).integers(1, longest + 1, 200)
    clips = {"train": [ClipFacts(str(i), int(n), ("A",) * int(n)) for i, n in enumerate(lengths)]}
    frames, glosses, often = histograms(clips)
    assert sum(bar.number for bar in frames.bars) == sum(bar.number for bar in glosses.bars) == 200
    assert len(frames.bars) <= MOST_BARS
    assert sum(bar.number for bar in often.bars) == 1
