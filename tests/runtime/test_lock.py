"""Oracle: a second process, which is killed."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.runtime.lock import one_at_a_time, only_process

HOLDER = """
import sys, time
from pathlib import Path
from sfsign_jax.runtime.lock import only_process
with only_process(Path(sys.argv[1]), "is at it", "wait"):
    print("held", flush=True)
    time.sleep(100)
"""


def test_a_killed_process_leaves_no_lock(tmp_path):
    path = tmp_path / "lock"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        held = rf"another process is at it \(process {process.pid} on .*, since 20.*\): wait$"
        with pytest.raises(UserError, match=held), only_process(path, "is at it", "wait"):
            pass
        process.send_signal(signal.SIGKILL)
    with only_process(path, "is at it", "wait"):
        pass


def test_the_second_waits_for_the_first(tmp_path):
    entered = threading.Event()

    def enter():
        with one_at_a_time(tmp_path / "lock"):
            entered.set()

    second = threading.Thread(target=enter)
    with one_at_a_time(tmp_path / "lock"):
        second.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    second.join()


def test_a_file_that_can_not_be_written(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"lock can't be written"),
        only_process(tmp_path / "file" / "lock", "is at it", "wait"),
    ):
        pass
