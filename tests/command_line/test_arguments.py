import argparse

import pytest

from sfsign_jax.command_line.arguments import megapixels, positive


def test_positive():
    assert positive("0.5") == 0.5
    for text in ("0", "-1", "inf", "nan"):
        with pytest.raises(argparse.ArgumentTypeError, match=text):
            positive(text)


def test_megapixels():
    assert megapixels("100") == 100
    for text in ("0", "2001", "1e300"):
        with pytest.raises(argparse.ArgumentTypeError, match=text):
            megapixels(text)
