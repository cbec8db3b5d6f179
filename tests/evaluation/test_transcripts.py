"""Oracle: the files that the corpora and the published recognisers have, written out by hand."""

import random

import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import read_ctm, read_stm, write_ctm, write_stm


def test_stm_as_the_corpora_write_it(tmp_path):
    path = tmp_path / "reference.stm"
    write_stm(path, {"b": ["WIE-AUSSEHEN", "__OFF__"], "a": ["他"]}, {"b": "Signer05"})
    assert path.read_text(encoding="utf-8") == (
        "b 1 Signer05 0.0 1.79769e+308 WIE-AUSSEHEN __OFF__\na 1 unknown 0.0 1.79769e+308 他\n"
    )


def test_a_signer_may_have_a_first_and_a_last_name(tmp_path):
    path = tmp_path / "reference.stm"
    write_stm(path, {"a": ["X"], "b": ["X"]}, {"a": "Ada  Lovelace", "b": " "})
    assert [line.split()[2] for line in path.read_text().splitlines()] == [
        "Ada_Lovelace",
        "unknown",
    ]
    assert read_stm(path) == {"a": ["X"], "b": ["X"]}


def test_ctm_as_recognisers_write_it(tmp_path):
    path = tmp_path / "hypothesis.ctm"
    write_ctm(path, {"b": ["X", "Y", "X"], "empty": [], "a": ["Z"]})
    assert path.read_text(encoding="utf-8") == (
        "b 1 0.00 0.01 X\nb 1 0.01 0.02 Y\nb 1 0.02 0.03 X\na 1 0.00 0.01 Z\n"
    )


def test_round_trips(tmp_path):
    generator = random.Random(0)
    clips = {
        f"clip-{i}": generator.choices(["NORD", "S+H", "__ON__", "天气", "ä"], k=1 + i % 150)
        for i in range(300)
    }
    write_stm(tmp_path / "clips.stm", clips)
    assert list(read_stm(tmp_path / "clips.stm").items()) == list(clips.items())
    write_ctm(tmp_path / "clips.ctm", clips)
    assert list(read_ctm(tmp_path / "clips.ctm").items()) == list(clips.items())


def test_stm_without_a_final_newline_keeps_its_last_letter(tmp_path):
    path = tmp_path / "reference.stm"
    path.write_text("a 1 signer05 0.0 1.79769e+308 NORD  REGEN")
    assert read_stm(path) == {"a": ["NORD", "REGEN"]}


def test_comments_blank_lines_and_foreign_line_ends(tmp_path):
    path = tmp_path / "hypothesis.ctm"
    path.write_bytes(
        b"\xef\xbb\xbf;; made elsewhere\r\n\r\na 1 0.00 0.01 X\r\na\t1\t0.01\t0.02\tY\r\n"
    )
    assert read_ctm(path) == {"a": ["X", "Y"]}


def test_ctm_glosses_are_sorted_by_time_and_may_have_a_confidence(tmp_path):
    path = tmp_path / "hypothesis.ctm"
    path.write_text("a 1 10.00 10.01 THIRD 0.9\na 1 9.00 9.01 SECOND\na 1 0 0.5 FIRST 0.1\n")
    assert read_ctm(path) == {"a": ["FIRST", "SECOND", "THIRD"]}


@pytest.mark.parametrize(
    ("read", "line", "message"),
    [
        (read_stm, "b 1 signer05 0.0 1.79769e+308", "expected 'id 1 signer start end gloss"),
        (read_stm, "b|1|signer05|NORD", "expected 'id 1 signer start end gloss"),
        (read_stm, "b 1 signer05 0.0 NORD REGEN", "'NORD' is not a time"),
        (read_stm, "a 1 signer05 0.0 1.79769e+308 NORD", "clip a comes a second time"),
        (read_ctm, "b 1 0.00 0.01", "expected 'id 1 start duration gloss'"),
        (read_ctm, "b 1 0.00 0.01 A 0.9 lex ann B", "expected 'id 1 start duration gloss'"),
        (read_ctm, "b 1 NORD 0.01 0.02", "'NORD' is not a time"),
        (read_ctm, "b 1 0.00 nan NORD", "'nan' is not a time"),
        (read_ctm, "b 1 0.00 0.01 X\na 1 0.00 0.01 X", "clip a comes a second time"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, read, line, message):
    path = tmp_path / "file"
    first = "a 1 signer05 0.0 9.0 X" if read is read_stm else "a 1 0.00 0.01 X"
    path.write_text(f"{first}\n\n{line}\n")
    number = 3 + line.count("\n")
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}, line {number}: ")
    assert message in str(error.value)


@pytest.mark.parametrize("read", [read_stm, read_ctm])
def test_unreadable_files_are_named(tmp_path, read):
    with pytest.raises(UserError, match=r"absent can't be read: No such file or directory"):
        read(tmp_path / "absent")
    with pytest.raises(UserError, match="can't be read"):
        read(tmp_path)
    latin1 = tmp_path / "latin1"
    latin1.write_bytes(";;\n;; SÜD\n".encode("latin-1"))
    with pytest.raises(UserError, match="latin1, line 2: not UTF-8"):
        read(latin1)


@pytest.mark.parametrize("word", ["", "NORD REGEN", "NORD\n"])
def test_words_that_the_formats_cannot_hold(tmp_path, word):
    for write in (write_stm, write_ctm):
        with pytest.raises(UserError, match=r"clip a: .* is empty or has white space"):
            write(tmp_path / "file", {"a": ["X", word]})
        with pytest.raises(UserError, match="is empty or has white space"):
            write(tmp_path / "file", {word: ["X"]})
    assert not (tmp_path / "file").exists()


def test_stm_needs_a_gloss(tmp_path):
    with pytest.raises(UserError, match="clip a has no gloss"):
        write_stm(tmp_path / "file", {"a": []})


@pytest.mark.parametrize(
    ("read", "lines", "message"),
    [
        (read_stm, "a 1 s 0 9 { A / B }", r"line 1: alternatives in braces, .* --tool nist"),
        (read_stm, "a 1 s 0 9 IGNORE_TIME_SEGMENT_IN_SCORING", r"line 1: IGNORE.* --tool nist"),
        (read_stm, "a 1 s 0 5 A\na 1 s 5 9 B", r"line 2: clip a comes a second time"),
        (
            read_ctm,
            "a 1 * * <ALT_BEGIN>\na 1 0 1 A\na 1 * * <ALT_END>",
            r"line 1: .*ALT_BEGIN.*--tool nist",
        ),
        (read_ctm, "a 1 0 1 A\na 2 0 1 A", r"line 2: clip a comes a second time"),
    ],
)
def test_more_than_a_row_of_glosses_is_refused(tmp_path, read, lines, message):
    (tmp_path / "file").write_text(lines + "\n")
    with pytest.raises(UserError, match=message):
        read(tmp_path / "file")


def test_labels_nothing_and_further_columns_are_no_glosses(tmp_path):
    path = tmp_path / "file"
    path.write_text("  ;; a comment\na 1 s 0 9 <o,f0,male> NORD @ REGEN;tag\n")
    assert read_stm(path) == {"a": ["NORD", "REGEN"]}
    path.write_text("  ;; a comment\na 1 0 1 NORD 0.9 lex ann\na 1 1 1 @\na 1 2 1 REGEN;tag\n")
    assert read_ctm(path) == {"a": ["NORD", "REGEN"]}


def test_two_spellings_are_one_gloss(tmp_path):
    (tmp_path / "stm").write_text("a 1 s 0 9 U\u0308BER\n", encoding="utf-8")
    (tmp_path / "ctm").write_text("a 1 0 1 Ü\u200bBER\n", encoding="utf-8")
    assert read_stm(tmp_path / "stm") == read_ctm(tmp_path / "ctm") == {"a": ["ÜBER"]}


STRANGE = ["<unk>", "{HAUS}", "A{B}C", "IX\\Nhere", "A;B", "@", "/", "-->", "&", '"', "HAUS*", "\\"]


def test_strange_glosses_are_read_back_as_they_were(tmp_path):
    clips = {f"clip-{i}": [gloss, "X", gloss] for i, gloss in enumerate(STRANGE)}
    clips["ignored"] = ["IGNORE_TIME_SEGMENT_IN_SCORING", "<ALT_BEGIN>"]
    write_stm(tmp_path / "clips.stm", clips)
    assert read_stm(tmp_path / "clips.stm") == clips
    write_ctm(tmp_path / "clips.ctm", clips)
    assert read_ctm(tmp_path / "clips.ctm") == clips
    with pytest.raises(UserError, match="would be a comment"):
        write_ctm(tmp_path / "clips.ctm", {";;a": ["X"]})
