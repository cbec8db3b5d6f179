"""What importing the package does to the program that imports it: nothing."""

import gc
import subprocess
import sys

PROGRAM = """
import gc, os
print("started", flush=True)
import sfsign_jax
from sfsign_jax import load
print(gc.get_threshold(), os.environ.get("GLIBC_TUNABLES"))
"""


def test_a_program_started_as_a_module_runs_once_and_keeps_its_settings(tmp_path):
    (tmp_path / "someones_program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "someones_program"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["started", f"{gc.get_threshold()} None"]
