"""Oracle: Unicode's own data (unicodedata), and the right spellings written out by hand."""

import unicodedata

import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text, printable, read_lines


@pytest.mark.parametrize(
    "spelling",
    [
        "U\u0308BER",  # decomposed
        "\ufeffÜBER",  # a mark of byte order
        "Ü\u200bBE\u200dR",  # zero-width space and joiner
        "\u202aÜBER\u202c",  # marks of direction
        "ÜB\u00adER",  # soft hyphen
        "Ü\ufe0fBE\u034fR",  # variation selector, grapheme joiner
        "U\u200b\u0308BER",  # composed only when what is between is gone
    ],
)
def test_what_looks_the_same_is_one_gloss(spelling):
    assert clean_text(spelling, "here") == "ÜBER"


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2009", "\u2028"])
def test_spaces_are_one_kind(space):
    assert clean_text(f"RAIN{space}SUN", "here") == "RAIN SUN"


@pytest.mark.parametrize("text", ["天气", "__ON__", "a\tb\nc\r\n", "ΣΑΣ", "हिन्दी", "😀", "A B"])
def test_other_text_stays(text):
    assert clean_text(text, "here") == text == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x07", "\x7f", "\x85", "\ud800", "\udcff"])
def test_what_cant_be_printed_is_refused(character):
    with pytest.raises(UserError, match=rf"table, line 7: .*U\+{ord(character):04X} "):
        clean_text(f"HA{character}US", "table, line 7")


def test_lines(tmp_path):
    (tmp_path / "text").write_bytes("\ufeffÄ\r\nb\n\nc".encode())
    lines = list(read_lines(tmp_path / "text"))
    assert [line for _, line in lines] == ["Ä", "b", "", "c"]
    assert lines[3][0] == f"{tmp_path / 'text'}, line 4"
    (tmp_path / "text").write_bytes(b"a\n\xff\n")
    with pytest.raises(UserError, match="text, line 2: not UTF-8; save the file as UTF-8"):
        list(read_lines(tmp_path / "text"))
    with pytest.raises(UserError, match="absent can't be read: No such file"):
        list(read_lines(tmp_path / "absent"))


def test_nothing_raw_reaches_a_terminal():
    assert printable("ÜBER 天气 a\u00a0b") == "ÜBER 天气 a\u00a0b"
    assert printable("a\x1b[31mb\r\n\u202e\udcff") == "a\\x1b[31mb\\r\\n\\u202e\\udcff"
