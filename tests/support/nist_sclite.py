"""NIST's sclite, where it is installed."""

import shutil

import pytest

needs_sclite = pytest.mark.skipif(
    not (shutil.which("sclite") or shutil.which("sctk")), reason="NIST sclite is not installed"
)
