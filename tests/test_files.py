import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.files import write_text_atomically


def test_replaces_the_whole_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    write_text_atomically(path, "a much longer first text\n")
    write_text_atomically(path, "天气\n")
    assert path.read_bytes() == "天气\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    write_text_atomically(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(path, "new \ud800\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    (tmp_path / "file").touch()
    for folder in ("absent", "file"):
        with pytest.raises(UserError, match=f"{folder}/x: cannot be written"):
            write_text_atomically(tmp_path / folder / "x", "text")
