"""Glosses that are no formulas, and videos that are a line; sizes worked out by hand."""

from io import BytesIO

import numpy as np
import pytest

from sfsign_jax.pictures.timeline import frames_of, timeline
from sfsign_jax.recognition.result import Recognition


def sentence(*glosses):
    count = len(glosses)
    spans = tuple((i, i) for i in range(count))
    posteriors = np.full((count, count + 1), 0.5)
    tokens = tuple(range(1, count + 1))
    return Recognition(glosses, tokens, spans, (0.5,) * count, (0, 1), -1.0, (), posteriors)


def test_dollars_are_no_formulas():
    glosses = (r"$\nothing$", "$x^2$", "COST-$5")
    figure = timeline({0: np.zeros((128, 160, 3), np.uint8)}, sentence(*glosses), 1)
    figure.savefig(BytesIO(), dpi=20, format="webp")
    texts = [text for text in figure.axes[1].texts if text.get_text() in glosses]
    assert [text.get_text() for text in texts] == list(glosses)
    assert not any(text.get_parse_math() for text in texts)


@pytest.mark.parametrize(
    ("size", "drawn"), [((2, 8000), 512), ((8000, 2), 1), ((64, 48), 96), ((256, 256), 128)]
)
def test_a_frame_is_drawn_no_wider_than_four_times_its_height(size, drawn):
    frames = [np.zeros((*size, 3), np.uint8)] * 2
    [(shown, _)] = frames_of(frames, [sentence("A")])
    assert {frame.shape for frame in shown.values()} == {(128, drawn, 3)}
