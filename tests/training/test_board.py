"""Oracle: the format of TensorBoard's files, which are records of lengths, checksums and events."""

import resource
import struct

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from sfsign_jax.errors import UserError
from sfsign_jax.training.board import open_board


def events(folder):
    (file,) = folder.glob("events.out.tfevents.*")
    data = file.read_bytes()
    while data:
        (length,) = struct.unpack_from("<Q", data)
        yield Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]


def test_points(tmp_path):
    with open_board(tmp_path, None) as add:
        add({"train/loss": 2.5, "train/grad_norm": float("nan")}, 7)
    version, points = events(tmp_path)
    assert version.file_version == "brain.Event:2"
    assert points.step == 7
    assert [value.tag for value in points.summary.value] == ["train/loss", "train/grad_norm"]
    assert points.summary.value[0].simple_value == 2.5


def test_what_a_killed_run_had_written_is_hidden(tmp_path):
    with open_board(tmp_path, 5) as add:
        add({"train/loss": 1.0}, 5)
    _, start, _ = events(tmp_path)
    assert (start.step, start.session_log.status) == (5, SessionLog.START)


def test_a_full_disk(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        with (
            pytest.raises(UserError, match=rf"file in {tmp_path} can't be written \(.*make room"),
            open_board(tmp_path, None) as add,
        ):
            for step in range(10_000):
                add({"train/loss": 1.0}, step)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
