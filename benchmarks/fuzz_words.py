"""Damaged tables, ELAN files, references and predictions: each is read or gets a sentence, soon.

python benchmarks/fuzz_words.py [--inputs 200] [--seed 0]

Prints for each kind how many inputs were read and how many were refused, the longest time and the
memory that came to it. Ends with status 1 where one did anything else.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from fuzzing import Kind, fuzz

from sfsign_jax.conversion.vocabulary import read_vocabulary
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import nist_word_error_rate, read_ctm, read_stm, word_error_rate
from tfds_builders.annotations import check_sources, vocabulary_of
from tfds_builders.custom_corpus.annotations import clip_sources

TABLE = """id,video,glosses,split,signer
monday-1,clips/1.mp4,TOMORROW SUN,train,ann
monday-2,clips/1.mp4,"NIGHT
RAIN",dev,ben
monday-3,clips/,ÜBER,test,
talk,talk.eaf,,train,
"""
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-06T07:08:09+01:00" VERSION="3.0">
<HEADER><MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/a/1.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="200"
RELATIVE_MEDIA_URL="./clips/1.mp4"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="3000"/></TIME_ORDER>
<TIER TIER_ID="signs" PARTICIPANT="Ann" LINGUISTIC_TYPE_REF="t"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>ÜBER &amp; 天气</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>WIND</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="sentences" PARENT_REF="signs" LINGUISTIC_TYPE_REF="t"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1"><ANNOTATION_VALUE/></REF_ANNOTATION>
</ANNOTATION></TIER><LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="t"/></ANNOTATION_DOCUMENT>
"""
STM = """;; LABEL "O" "Overall" "all"
a 1 ann 0.0 4.5 <O,F> ÜBER { A / B C / @ } NORD;tag
a 1 ben 4.5 9 IGNORE_TIME_SEGMENT_IN_SCORING
b 1 ann 0.0 1.79769e+308 REGEN \\;X { A / { B / C } D } 天气*
"""
CTM = """;; a comment
a 1 0.00 0.50 ÜBER 0.9 lex ann
a 1 * * <ALT_BEGIN>
a 1 0.60 0.20 A
a 1 * * <ALT>
a 1 * * <ALT_END>
a 1 5.00 0.10 X
b 1 0.10 0.10 REGEN
b 1 0.20 0.10 天气
"""
VOCABULARY = "ABEND\nÜBER\nIX\n天气\n__ON__\n"
PIECES = [
    *(",", ";", "|", "\t", "\n", "\r", "\r\n", '"', '""', " ", "\\", "{", "}", "/", "@", "<", ">"),
    *(
        "*",
        "\x00",
        "\x1b[31m",
        "\u0308",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\u00a0",
        "..",
        "/etc/passwd",
    ),
    *("nan", "inf", "-1", "1e999", "1_0", "<ALT_BEGIN>", "<ALT_END>", "{ A /", "} ", ";;", "val"),
    *(
        "IGNORE_TIME_SEGMENT_IN_SCORING",
        "W " * 3000,
        "{ " * 3000,
        "x" * 140_000,
        "{ A / B } " * 500,
    ),
]
BYTES = [b"\xff", b"\xed\xa0\x80", b"\xff\xfe", b"\x00", b"\xf0\x9f", b"\x80"]


def damaged(generator: random.Random, text: str) -> bytes:
    """The text after one to three changes: pieces put in, parts cut out or doubled."""
    data = text.encode()
    for _ in range(generator.randint(1, 3)):
        start, end = sorted(generator.choices(range(len(data) + 1), k=2))
        if generator.random() < 0.9:
            end = min(end, start + generator.choice([0, 0, 1, 8]))
        part = data[start:end]
        piece = generator.choice(PIECES).encode() if generator.random() < 0.9 else b""
        new = generator.choice([piece, part + piece, part + part, generator.choice(BYTES), b""])
        if generator.random() < 0.1:
            new = bytes(generator.choices(range(256), k=generator.randint(1, 20)))
        data = data[:start] + new + data[end:]
    return data if generator.random() < 0.9 else data[: generator.randint(0, len(data))]


def read_table(folder: Path) -> None:
    splits = clip_sources(folder)
    check_sources(source for sources in splits.values() for source in sources)
    vocabulary_of(splits)


def score(folder: Path) -> None:
    """Both counts; where one refuses, the other may still have a rule."""
    stm, ctm = folder / "r.stm", folder / "h.ctm"
    try:
        nist_word_error_rate(stm, ctm)
    except UserError:
        word_error_rate(read_stm(stm), read_ctm(ctm), missing_as_empty=True)


def make_kinds(folder: Path) -> dict[str, Kind]:
    """Each in a folder of its own, where one file is damaged and the others are whole."""
    texts = {
        "corpus.csv": TABLE,
        "talk.eaf": EAF,
        "r.stm": STM,
        "h.ctm": CTM,
        "glosses.txt": VOCABULARY,
    }

    def kind(file: str, read: Callable[[Path], object]) -> Kind:
        own = folder / file
        (own / "clips").mkdir(parents=True)
        (own / "clips/1.mp4").touch()
        for name, text in texts.items():
            (own / name).write_text(text, encoding="utf-8")

        def damage(rng: random.Random) -> None:
            (own / file).write_bytes(damaged(rng, texts[file]))

        def reading() -> bool:
            read(own)
            return True

        return Kind(damage, reading)

    return {
        "corpus.csv": kind("corpus.csv", read_table),
        "ELAN": kind("talk.eaf", read_table),
        "STM": kind("r.stm", score),
        "CTM": kind("h.ctm", score),
        "vocabulary": kind("glosses.txt", lambda folder: read_vocabulary(folder / "glosses.txt")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=200, help="of each kind; default: 200")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kinds = make_kinds(Path(folder))
        bad = [fuzz(name, kind, arguments.inputs, arguments.seed) for name, kind in kinds.items()]
    sys.exit(any(bad))


if __name__ == "__main__":
    main()
