"""Oracle: the process itself, by its number, its environment and its arguments."""

import os
import subprocess
import sys

import pytest

from sfsign_jax.allocator import TUNABLES, WITHOUT_THREAD_CACHES
from sfsign_jax.devices import plugins

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")

# As `python -m sfsign_jax.…` imports the package.
COMMAND = """
import sys
arguments, sys.argv = sys.argv, ["-m"]
import os, sfsign_jax
print(os.getpid(), os.environ.get("GLIBC_TUNABLES"), *arguments[1:])
"""


def run(code, **environment):
    inherited = {name: value for name, value in os.environ.items() if name != TUNABLES}
    with subprocess.Popen(
        [sys.executable, "-c", code, "an argument"],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output, _ = process.communicate()
    assert process.returncode == 0
    number, _, rest = output.strip().partition(" ")
    assert int(number) == process.pid
    return rest


@pytest.mark.skipif(bool(plugins()), reason="for a CPU only")
def test_a_command_line_starts_again_as_the_same_process():
    assert run(COMMAND) == f"{WITHOUT_THREAD_CACHES[TUNABLES]} an argument"


def test_the_user_has_chosen():
    chosen = "glibc.malloc.arena_max=2"
    assert run(COMMAND, GLIBC_TUNABLES=chosen) == f"{chosen} an argument"


def test_whoever_imports_the_package_goes_on():
    assert run(COMMAND.replace('["-m"]', '["program.py"]')) == "None an argument"
