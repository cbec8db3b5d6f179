import argparse

import pytest

from sfsign_jax.command_line.arguments import frame_rate, megapixels, positive, whole


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (positive, "0.5", 0.5),
        (whole, "7", 7),
        (frame_rate, "29.97", 29.97),
        (megapixels, "100", 100),
    ],
)
def test_numbers(kind, text, value):
    assert kind(text) == value
    for wrong in ("0", "-1", "1" + 300 * "0"):
        with pytest.raises(argparse.ArgumentTypeError, match=rf"{wrong} is not between"):
            kind(wrong)


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e300", "1e-300"])
def test_numbers_that_nobody_means(text):
    for kind in (positive, frame_rate, megapixels):
        with pytest.raises(argparse.ArgumentTypeError, match=f"{text} is not between"):
            kind(text)
    with pytest.raises(ValueError):  # argparse then says that it is no number
        whole(text)
