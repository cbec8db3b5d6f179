"""Oracle: a file written out by hand, of which every line must stay, ELAN's schema, and pympi."""

import difflib

import eaf_files
import pympi
import pytest
from recognised import SPOKEN, TRANSCRIPT, sentence

from sfsign_jax.errors import UserError
from sfsign_jax.transcripts import Transcript
from sfsign_jax.transcripts.elan import write_eaf

GLOSSES = [(200, 600, "RAIN"), (800, 1200, "SÜD<2>"), (3600200, 3600600, "SUN")]


def changed(before, after):
    """Lines that are gone, and those that came."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [[line[2:].strip() for line in lines if line[:2] == mark] for mark in ("- ", "+ ")]


def tier(path, name):
    return sorted(pympi.Elan.Eaf(path).get_annotation_data_for_tier(name))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.eaf"


def test_a_new_file_keeps_the_schema(path):
    write_eaf(path, TRANSCRIPT)
    assert eaf_files.broken_rules(path.read_text(encoding="utf-8")) == []
    write_eaf(path.with_name("b.eaf"), Transcript("a.mp4", 25, []))
    assert eaf_files.broken_rules(path.with_name("b.eaf").read_text(encoding="utf-8")) == []


def test_nothing_of_a_file_that_is_there_is_lost(path):
    path.write_bytes(eaf_files.ODD.encode())
    write_eaf(path, TRANSCRIPT)
    text = path.read_text(encoding="utf-8")
    gone, came = changed(eaf_files.ODD, text)
    assert gone == ['<PROPERTY NAME="lastUsedAnnotationId">40</PROPERTY>']
    assert '<PROPERTY NAME="lastUsedAnnotationId">45</PROPERTY>' in came
    assert eaf_files.broken_rules(text) == []
    assert (tier(path, "sentences"), tier(path, "glosses")) == (SPOKEN, GLOSSES)
    assert pympi.Elan.Eaf(path).tiers["glosses"][2]["LINGUISTIC_TYPE_REF"] == "free"


def test_the_same_again_changes_nothing(path):
    for before in ("", eaf_files.ODD):
        path.unlink(missing_ok=True)
        if before:
            path.write_text(before, encoding="utf-8")
        write_eaf(path, TRANSCRIPT)
        once, written = path.read_bytes(), path.stat().st_mtime_ns
        write_eaf(path, TRANSCRIPT)
        assert (path.read_bytes(), path.stat().st_mtime_ns) == (once, written)


def test_tiers_that_say_something_else_get_a_neighbour(path):
    write_eaf(path, TRANSCRIPT)
    corrected = path.read_text(encoding="utf-8").replace(">RAIN<", ">SNOW<")
    path.write_text(corrected, encoding="utf-8")
    for _ in range(2):  # and that one only once
        write_eaf(path, TRANSCRIPT)
        assert tier(path, "glosses")[0] == (200, 600, "SNOW")
        assert tier(path, "glosses (2)") == GLOSSES
        names = sorted(pympi.Elan.Eaf(path).get_tier_names())
        assert names == ["glosses", "glosses (2)", "sentences"]  # the sentences are the same
    write_eaf(path, TRANSCRIPT._replace(sentences=[sentence(0, ("MOON",))]))
    assert tier(path, "glosses (3)") == [(200, 600, "MOON")]
    assert tier(path, "sentences (2)") == [(200, 600, "MOON")]
    text = path.read_text(encoding="utf-8")
    assert eaf_files.broken_rules(text) == []
    assert changed(corrected, text)[0] == ['<PROPERTY NAME="lastUsedAnnotationId">5</PROPERTY>']
    write_eaf(path, TRANSCRIPT._replace(sentences=[]))
    assert path.read_text(encoding="utf-8") == text


def test_where_the_video_begins_before_the_file(path):
    path.write_text(eaf_files.ODD, encoding="utf-8")
    write_eaf(path, TRANSCRIPT._replace(video="films/a b.mp4"))  # by 200 ms
    assert tier(path, "glosses") == [(start - 200, end - 200, text) for start, end, text in GLOSSES]
    path.write_text(eaf_files.ODD.replace('"200"', '"700"'), encoding="utf-8")
    write_eaf(path, TRANSCRIPT._replace(video="films/a b.mp4"))
    assert tier(path, "glosses")[0] == (100, 500, "SÜD<2>")
    assert tier(path, "sentences")[0] == (0, 500, "RAIN SÜD<2>")


@pytest.mark.parametrize(
    "text",
    [
        eaf_files.eaf(),
        eaf_files.eaf().replace("<TIME_ORDER></TIME_ORDER>", "<TIME_ORDER/>"),
        eaf_files.eaf().replace(
            "<TIME_ORDER></TIME_ORDER>", "<TIME_ORDER x='/>'>\n<!--/>--></TIME_ORDER >"
        ),
        eaf_files.eaf(("A/>", [])).replace("</TIER>", "<!-- </TIER> --></TIER\n>"),
        eaf_files.eaf(("A", [])).replace("></TIER>", "/>"),
        eaf_files.eaf(("A", [(1, 2, "<![CDATA[</TIER>]]>")])).replace("\n", "\r\n"),
        eaf_files.eaf(header='<NEW><TIER TIER_ID="" LINGUISTIC_TYPE_REF=""/><TIME_ORDER/></NEW>'),
        eaf_files.eaf().replace('"t" TIME', '"default-lt" CONSTRAINTS="Included_In" TIME'),
        "\ufeff" + eaf_files.eaf(),
    ],
)
def test_files_that_are_written_otherwise(path, text):
    path.write_bytes(text.encode())
    write_eaf(path, TRANSCRIPT)
    after = path.read_bytes().decode("utf-8")
    assert (tier(path, "sentences"), tier(path, "glosses")) == (SPOKEN, GLOSSES)
    known = ["CONSTRAINTS names Included_In"] if "Included_In" in text else []
    assert eaf_files.broken_rules(after) == known
    before = text.removeprefix("\ufeff").replace(
        "<TIME_ORDER/>", "<TIME_ORDER></TIME_ORDER>", "<NEW>" not in text
    )
    rest = iter(after)
    assert all(character in rest for character in before)  # nothing but additions


@pytest.mark.parametrize(
    "bound",
    ['TIME_ALIGNABLE="false"', 'CONTROLLED_VOCABULARY_REF="v"', 'CONSTRAINTS="Included_In"'],
)
def test_tiers_get_a_type_of_free_text_with_times(path, bound):
    text = eaf_files.eaf().replace('"t" TIME_ALIGNABLE="true"', f'"default-lt" {bound}')
    path.write_text(text, encoding="utf-8")
    write_eaf(path, TRANSCRIPT)
    assert not any("two of" in rule for rule in eaf_files.broken_rules(path.read_text("utf-8")))
    file = pympi.Elan.Eaf(path)
    name = file.tiers["glosses"][2]["LINGUISTIC_TYPE_REF"]
    kind = file.linguistic_types[name]
    assert name != "default-lt"
    assert (kind["TIME_ALIGNABLE"], "CONSTRAINTS" in kind) == ("true", False)


def test_ids_are_beyond_all_that_are_there(path):
    text = eaf_files.eaf(("A", [(1, 2, "B")])).replace("a1", "a9").replace("ts1e", "a77")
    path.write_text(text, encoding="utf-8")
    write_eaf(path, TRANSCRIPT)
    assert eaf_files.broken_rules(path.read_text(encoding="utf-8")) == []
    assert "a78" in pympi.Elan.Eaf(path).annotations


@pytest.mark.parametrize("text", ["", "my notes", "<a/>", eaf_files.eaf()[:-9]])
def test_what_is_no_elan_file_stays(path, text):
    path.write_text(text)
    with pytest.raises(UserError, match=r"a\.eaf.*\(it is left as it is, and nothing written\)"):
        write_eaf(path, TRANSCRIPT)
    assert path.read_text() == text


def test_a_file_without_times(path):
    path.write_text("<ANNOTATION_DOCUMENT/>")
    with pytest.raises(UserError, match=r"a\.eaf has no TIME_ORDER"):
        write_eaf(path, TRANSCRIPT)
