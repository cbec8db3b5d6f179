"""Programs in a process of their own, without the settings that tests give JAX and XLA."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_program(program: str, *folders: Path) -> str:
    """What it prints; modules are found in `folders`, the project and the tests' support."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    paths = os.pathsep.join(map(str, (*folders, ROOT, ROOT / "tests" / "support")))
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=clean | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return result.stdout
