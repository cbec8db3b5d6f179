"""Oracle: NIST's sclite, and what it counted for each construct, written out by hand."""

import random

import pytest
from nist_sclite import needs_sclite

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import nist_word_error_rate, sclite_files_word_error_rate
from sfsign_jax.evaluation.nist_files import read_segments, read_timed_words

A, B, X = "a 1 0 1 A\n", "a 1 1 1 B\n", "a 1 6 1 X\n"
C_LATE = "a 1 11 1 C\n"
ALL = "a 1 s 0.0 1.79769e+308 "
OUTSIDE = "a 1 s 0 5 A B\na 1 s 5 10 <o> IGNORE_time_segment_in_scoring\na 1 s 10 20 C\n"


def alternatives(*texts):
    lines = [f"a 1 0 1 {text}\n" if text else "" for text in texts]
    return "a 1 * * <ALT_BEGIN>\n" + "a 1 * * <ALT>\n".join(lines) + "a 1 * * <ALT_END>\n"


# stm, ctm, and how many words are there, substituted, deleted and inserted
COUNTED = {
    "label": (ALL + "<o,f0,male> A B\n", A + B, (2, 0, 0, 0)),
    "alternatives": (ALL + "{ X / A / @ } B\n", A + B, (2, 0, 0, 0)),
    "nothing": (ALL + "{ X / A / @ } B\n", B, (1, 0, 0, 0)),
    "alternatives of several words": (ALL + "{ X / A B }\n", A + B, (2, 0, 0, 0)),
    "in one another": (ALL + "{ X / { Y / A } B }\n", A + B, (2, 0, 0, 0)),
    "without spaces": (ALL + "{X/A} B\n", A + B, (2, 0, 0, 0)),
    "of one": (ALL + "{A} B\n", A + B, (2, 0, 0, 0)),
    "none of them": (ALL + "{ X / Y } B\n", A + B, (2, 1, 0, 0)),
    "slash outside": (ALL + "A / B\n", A + "a 1 0.5 0 /\n" + B, (3, 0, 0, 0)),
    "not scored": (OUTSIDE, A + B + X + C_LATE, (3, 0, 0, 0)),
    "segments": ("a 1 s 0 5 A B\na 1 t 5 9 X\n", A + B + X, (3, 0, 0, 0)),
    "words elsewhere": ("a 1 s 0 5 A B\na 1 t 5 9 X\n", A + X, (3, 0, 1, 0)),
    "channels": ("a 1 s 0 9 A\na 2 s 0 9 B\n", A + "a 2 0 1 B\n", (2, 0, 0, 0)),
    "an empty segment": ("a 1 s 0 5\na 1 s 5 9 X\n", A + X, (1, 0, 0, 1)),
    "predicted alternatives": (ALL + "A B\n", alternatives("X", "A") + B, (2, 0, 0, 0)),
    "predicted nothing": (ALL + "B\n", alternatives("X", "") + B, (1, 0, 0, 0)),
    "eight columns": (ALL + "A B\n", "a 1 0 1 A 0.9 lex ann\n" + B, (2, 0, 0, 0)),
    "tags": (ALL + "A;x;y B\n", A + "a 1 1 1 B;;z\n", (2, 0, 0, 0)),
    "escaped": (ALL + "A\\;S B\n", "a 1 0 1 A\\;S\n" + B, (2, 0, 0, 0)),
    "asterisk": (ALL + "A* B\n", A + "a 1 1 1 B*\n", (2, 0, 0, 0)),
    "case": (ALL + "a Ü\n", A + "a 1 1 1 ü\n", (2, 1, 0, 0)),
    "repeated": (ALL + "A B\n", A + A + B, (2, 0, 0, 1)),
    "comments": ("  ;; A B C D E F\n\n" + ALL + "A B\n", ";;\n\n" + A + B, (2, 0, 0, 0)),
    "spellings": (ALL + "U\u0308 B\n", "a 1 0 1 Ü\r\n" + B, (2, 0, 0, 0)),
    "a file without a word": ("a 1 s 0 9 A B\nb 1 s 0 9 C D\n", A + B, (4, 0, 2, 0)),
}


@pytest.fixture
def files(tmp_path):
    def write(stm, ctm):
        (tmp_path / "r.stm").write_text(stm, encoding="utf-8", newline="")
        (tmp_path / "h.ctm").write_text(ctm, encoding="utf-8", newline="")
        return tmp_path / "r.stm", tmp_path / "h.ctm"

    return write


def counts(errors):
    return errors.words, errors.substitutions, errors.deletions, errors.insertions


@pytest.mark.parametrize("construct", COUNTED)
def test_each_construct(files, construct):
    stm, ctm, expected = COUNTED[construct]
    assert counts(nist_word_error_rate(*files(stm, ctm)).errors) == expected


@needs_sclite
@pytest.mark.parametrize("construct", COUNTED)
def test_sclite_counts_each_construct_so(files, construct):
    stm, ctm, expected = COUNTED[construct]
    assert counts(sclite_files_word_error_rate(*files(stm, ctm)).errors) == expected


REFUSED_STM = {
    "a 1 s 0": "expected 'id 1 signer start end",
    "a 1 s 0 x A": "'x' is not a time",
    "a 1 s 0 1_0 A": "'1_0' is not a time",
    "a 1 s 0 nan A": "'nan' is not a time",
    "a 1 s 0 9 A{B}C": "a brace in the middle of a word",
    "a 1 s 0 9 { A / B": "an alternation has no end",
    "a 1 s 0 9 A }": "a brace ends what none has begun",
    "a 1 s 0 9 { A / }": "an empty alternative",
    "a 1 s 0 9 { }": "an empty alternative",
    "a 1 s 0 9 ;x": "has no word before its tag",
    "a 1 s 0 9 " + 60 * "{ A " + 60 * "} ": "more than 50 alternations in one another",
    "a 1 s 0 9 " + 2000 * "x": "a word of 2000 characters is no word",
    "; a comment": "a comment begins with ';;'",
    "a 1 s 0 9 A\x1b[0m": "U+001B can't be printed",
}
REFUSED_CTM = {
    "a 1 0 1": "expected 'id 1 start duration gloss'",
    "a 1 0 1 A 1 2 3 4": "expected 'id 1 start duration gloss'",
    "a 1 * * A": "'*' is not a time",
    "a 1 * * <ALT>": "<ALT> is out of its place",
    "a 1 * * <ALT_END>": "<ALT_END> is out of its place",
    "a 1 * * <ALT_BEGIN>": "this alternation has no <ALT_END>",
    "a 1 * * <ALT_BEGIN>\nb 1 0 1 A": "this alternation has no <ALT_END>",
}


@pytest.mark.parametrize(
    ("read", "line"),
    [(read_segments, line) for line in REFUSED_STM]
    + [(read_timed_words, line) for line in REFUSED_CTM],
)
def test_what_is_no_stm_or_ctm_is_refused_with_its_line(tmp_path, read, line):
    path = tmp_path / "file"
    path.write_text(f";;\n{line}\n")
    with pytest.raises(UserError) as error:
        list(read(path))
    assert str(error.value).startswith(f"{path}, line 2: ")
    assert (REFUSED_STM | REFUSED_CTM)[line] in str(error.value)


@pytest.mark.parametrize(
    ("stm", "ctm", "message"),
    [
        (ALL + "A\n", "b 1 0 1 A\n", r"h\.ctm, line 1: .* has no file b of channel 1"),
        ("a 1 s 5 9 A\na 1 s 0 5 B\n", A, r"r\.stm, line 2: .* not together and sorted by time"),
        (ALL + "A\n", B + A, r"h\.ctm, line 2: .* not together and sorted by time"),
        (ALL + "A\nb 1 s 0 9 A\n", A + "b 1 0 1 A\n" + A, r"line 3: the lines of a 1 are not tog"),
        (ALL + "{ @ }\n", A, "there is no reference word"),
        (ALL + 6000 * "A " + "\n", 6000 * A, "6001 words against 6001 are too many to align"),
        (ALL + 200 * f"{{ {' / '.join(300 * 'X')} }} ", A, "words against 2 are too many to align"),
    ],
)
def test_what_cant_be_counted_is_refused(files, stm, ctm, message):
    with pytest.raises(UserError, match=message):
        nist_word_error_rate(*files(stm, ctm))


@needs_sclite
@pytest.mark.parametrize("word", ["\\{A\\}", "\\@"])
def test_what_sclite_cant_read_is_not_handed_to_it(files, word):
    paths = files(ALL + f"B {word}\n", f"a 1 0 1 B\na 1 1 1 {word}\n")
    assert counts(nist_word_error_rate(*paths).errors) == (2, 0, 0, 0)
    with pytest.raises(UserError, match=r"r\.stm, line 1: sclite has no"):
        sclite_files_word_error_rate(*paths)


def random_text(generator, depth=0):
    """Words and alternations, of many words, so that few alignments cost the same."""
    items = []
    for _ in range(generator.randint(1, 4)):
        if depth < 2 and generator.random() < 0.25:
            texts = [random_text(generator, depth + 1) for _ in range(generator.randint(1, 3))]
            items.append(f"{{ {' / '.join(texts)} }}")
        else:
            items.append(generator.choice(["A", "b", "C", "D*", "E;tag", "F", "G", "H"]))
    return " ".join(items)


@needs_sclite
def test_random_files_cost_the_same_as_by_sclite(files):
    """Only between alignments that cost the same does the choice differ, about one in 300."""
    generator = random.Random(0)
    for _ in range(25):
        stm, ctm = [], []
        for file in "abc":
            for second in range(0, 12, 4):
                text = random_text(generator)
                stm.append(f"{file} 1 s {second} {second + generator.choice([3, 4])} {text}\n")
            for i in range(24):
                word = generator.choice("aBcDeFgh")
                ctm.append(f"{file} 1 {0.5 * i:.1f} {generator.choice([0.1, 0.4])} {word}\n")
        paths = files("".join(stm), "".join(ctm))
        own, by_sclite = nist_word_error_rate(*paths), sclite_files_word_error_rate(*paths)
        assert own.segments == by_sclite.segments == 9
        assert cost(own.errors) == cost(by_sclite.errors)


def cost(errors):
    return 4 * errors.substitutions + 3 * (errors.deletions + errors.insertions)
