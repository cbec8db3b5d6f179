import argparse

import pytest

from sfsign_jax.command_line.arguments import positive


def test_positive():
    assert positive("0.5") == 0.5
    for text in ("0", "-1", "inf", "nan"):
        with pytest.raises(argparse.ArgumentTypeError, match=text):
            positive(text)
