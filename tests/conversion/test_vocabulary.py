"""Oracle: vocabularies written out by hand, and the dict that the published code saves."""

import numpy as np
import pytest

from sfsign_jax.conversion.vocabulary import read_vocabulary
from sfsign_jax.errors import UserError


def test_text_file(tmp_path):
    (tmp_path / "glosses.txt").write_text("ABEND\n__ON__\nÜBER\n天气\n", encoding="utf-8")
    glosses = read_vocabulary(tmp_path / "glosses.txt")
    assert glosses == ("ABEND", "__ON__", "ÜBER", "天气")


def test_published_gloss_dict(tmp_path):
    np.save(tmp_path / "gloss_dict.npy", {"ÜBER": [3, 7], "ABEND": [1, 40], "REGEN": [2, 1]})
    assert read_vocabulary(tmp_path / "gloss_dict.npy") == ("ABEND", "REGEN", "ÜBER")


def test_gloss_dict_with_numbers_of_numpy(tmp_path):
    classes = {"B": [np.int64(2), np.int64(7)], "A": [np.int64(1), np.int32(1)]}
    np.save(tmp_path / "gloss_dict.npy", classes)
    assert read_vocabulary(tmp_path / "gloss_dict.npy") == ("A", "B")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"A": [1, 1], "B": [3, 1]}, "1, 2, 3"),
        ({"A": [1, 1], "B": [1, 1]}, "1, 2, 3"),
        ({"A": 1}, "no dict of gloss"),
        (["A"], "no dict of gloss"),
    ],
    ids=str,
)
def test_gloss_dicts_that_name_no_classes(tmp_path, content, message):
    np.save(tmp_path / "gloss_dict.npy", np.array(content, object))
    with pytest.raises(UserError, match=message):
        read_vocabulary(tmp_path / "gloss_dict.npy")


def test_byte_order_mark_is_no_part_of_a_gloss(tmp_path):
    (tmp_path / "glosses.txt").write_text("A\nB\n", encoding="utf-8-sig")
    assert read_vocabulary(tmp_path / "glosses.txt") == ("A", "B")


def test_empty_files_and_glosses_that_come_twice(tmp_path):
    (tmp_path / "glosses.txt").write_text("")
    with pytest.raises(UserError, match="has no glosses"):
        read_vocabulary(tmp_path / "glosses.txt")
    (tmp_path / "glosses.txt").write_text("A\nB\nA\n")
    with pytest.raises(UserError, match="line 3: A is in line 1 already"):
        read_vocabulary(tmp_path / "glosses.txt")


@pytest.mark.parametrize("line", ["", "A B", "A\x1b", "\u200b"])
def test_lines_that_are_not_one_gloss(tmp_path, line):
    (tmp_path / "glosses.txt").write_text(f"A\n{line}\nC\n")
    with pytest.raises(UserError, match=r"glosses\.txt, line 2"):
        read_vocabulary(tmp_path / "glosses.txt")


def test_blank_last_lines_are_nothing(tmp_path):
    (tmp_path / "glosses.txt").write_text("A\r\nB\r\n\r\n  \n")
    assert read_vocabulary(tmp_path / "glosses.txt") == ("A", "B")


def test_two_spellings_are_one_gloss(tmp_path):
    (tmp_path / "glosses.txt").write_text("A\nU\u0308\n\u00dc\u200b\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 3: Ü is in line 2 already"):
        read_vocabulary(tmp_path / "glosses.txt")
    np.save(tmp_path / "gloss_dict.npy", {"U\u0308": [1, 7], "A\u200b": [2, 40]})
    assert read_vocabulary(tmp_path / "gloss_dict.npy") == ("Ü", "A")


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="can't be read"):
        read_vocabulary(tmp_path / "glosses.txt")
