"""Oracle: files written out by hand, times worked out on paper, and pympi."""

import eaf_files
import pympi
import pytest

from sfsign_jax.data.elan import annotations, parse_eaf, read_eaf, tiers, videos
from sfsign_jax.errors import UserError


def told(eaf, tier):
    return [(round(one.start), round(one.end), one.text) for one in annotations(eaf, tier)]


def test_the_odd_file_keeps_the_schema():
    assert eaf_files.broken_rules(eaf_files.ODD) == []


def test_times_of_every_kind_of_tier(tmp_path):
    eaf = parse_eaf(tmp_path / "odd.eaf", eaf_files.ODD)
    assert list(tiers(eaf)) == ["Utterance_A", "Gloss_A", "Gloss_B", "Hands", "Notes"]
    assert told(eaf, "Utterance_A") == [(0, 3000, ""), (5000, 6000, "Dort weht Wind.")]
    assert told(eaf, "Gloss_A") == [
        (0, 1000, "RAIN"),  # no time between them: a third of the sentence each
        (1000, 2000, " "),
        (2000, 3000, "SUN"),
        (5000, 6000, "WIND  IX"),
    ]
    assert told(eaf, "Gloss_B") == [(500, 2500, "NIGHT")]
    assert told(eaf, "Hands") == [(500, 1500, "HALF"), (1500, 2500, "OTHER")]
    assert told(eaf, "Notes") == [(1500, 2500, "unsure")]


def test_annotations_with_times_are_as_another_program_reads_them(tmp_path):
    (tmp_path / "odd.eaf").write_text(eaf_files.ODD, encoding="utf-8")
    theirs, ours = pympi.Elan.Eaf(tmp_path / "odd.eaf"), read_eaf(tmp_path / "odd.eaf")
    for tier in ("Utterance_A", "Gloss_B"):
        assert told(ours, tier) == sorted(theirs.get_annotation_data_for_tier(tier))


def test_a_slot_in_no_chain_lies_between_its_neighbours(tmp_path):
    text = eaf_files.eaf(("t", [(0, 0, "A"), (9, 9, "B")])).replace(' TIME_VALUE="9"', "", 1)
    text = text.replace('"ts1e" TIME_VALUE="0"', '"ts1e"')
    eaf = parse_eaf(tmp_path / "a.eaf", text)  # 0, ?, ?, 9
    assert told(eaf, "t") == [(0, 3, "A"), (6, 9, "B")]


def test_what_has_no_time(tmp_path):
    text = eaf_files.eaf(("t", [(0, 9, "A")])).replace(' TIME_VALUE="9"', "")
    with pytest.raises(UserError, match=r"a\.eaf, tier 't': nothing says when .*'a1' \('A'\) is"):
        annotations(parse_eaf(tmp_path / "a.eaf", text), "t")
    for wrong in ("-1", "1.5", "x", "", "4294967296", "9" * 5000, "٣"):
        text = eaf_files.eaf(("t", [(0, 9, "A")])).replace('"9"', f'"{wrong}"')
        with pytest.raises(
            UserError, match=r"the time '.*' of 'ts1e' is no number of milliseconds"
        ):
            parse_eaf(tmp_path / "a.eaf", text)


def test_annotations_that_refer_in_a_circle_have_no_time(tmp_path):
    text = eaf_files.ODD.replace('ANNOTATION_ID="a7"', 'ANNOTATION_ID="a70"')
    text = text.replace('ANNOTATION_REF="a7" PREV', 'ANNOTATION_REF="a10" PREV')
    eaf = parse_eaf(tmp_path / "a.eaf", text)
    for tier in ("Hands", "Notes"):
        with pytest.raises(UserError, match=f"tier '{tier}': nothing says when"):
            annotations(eaf, tier)


def test_two_annotations_of_one_id_are_no_circle(tmp_path):
    eaf = parse_eaf(tmp_path / "a.eaf", eaf_files.ODD.replace('N_ID="a8"', 'N_ID="a7"'))
    assert {one.text for one in annotations(eaf, "Hands")} == {"HALF", "OTHER"}


@pytest.mark.parametrize(("kind", "name"), [("audio/mp4", "a.mp4"), ("unknown", "a.WAV")])
def test_sound_is_no_video(tmp_path, kind, name):
    header = f'<MEDIA_DESCRIPTOR MEDIA_URL="{name}" MIME_TYPE="{kind}"/>'
    assert videos(parse_eaf(tmp_path / "a.eaf", eaf_files.eaf(header=header))) == []


def test_media(tmp_path):
    first, second = videos(parse_eaf(tmp_path / "a.eaf", eaf_files.ODD))  # and no sound
    assert first.names == ("C:/data/a%20b.mp4", "C:/data/a b.mp4")
    assert (first.origin, second.origin) == (200, 0)


@pytest.mark.parametrize(
    ("link", "names"),
    [
        ("./a.mp4", ("./a.mp4",)),
        ("..\\films\\a.mp4", ("../films/a.mp4",)),
        ("file:///home/ann/M%C3%A4rz.mp4", ("/home/ann/M%C3%A4rz.mp4", "/home/ann/März.mp4")),
        ("file://localhost/home/a.mp4", ("/home/a.mp4",)),
        ("file:////server/films/a.mp4", ("//server/films/a.mp4",)),
        ("file:/home/a.mp4", ("/home/a.mp4",)),
        ("FILE:///C:/films/a.mp4", ("C:/films/a.mp4",)),
        ("100%.mp4", ("100%.mp4",)),
        ("https://example.org/films/a.mp4", ("a.mp4",)),
        ("rtsp://example.org/", ()),
        ("a%00.mp4", ()),
        ("", ()),
    ],
)
def test_links(tmp_path, link, names):
    header = f'<MEDIA_DESCRIPTOR MEDIA_URL="{link}" MIME_TYPE="unknown"/>'
    [medium] = videos(parse_eaf(tmp_path / "a.eaf", eaf_files.eaf(header=header)))
    assert medium.names == names


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + eaf_files.eaf()
FRAMES = eaf_files.eaf().replace("<HEADER>", '<HEADER TIME_UNITS="PAL-frames">')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "has a DOCTYPE, which no ELAN file needs"),
        ("<ANNOTATION_DOCUMENT>\n<TIER", r", line 2: it is no XML \(unclosed token\)"),
        ("", r", line 1: it is no XML \(no element found\)"),
        ("a\x00b", r", line 1: it is no XML"),
        ("<html/>", "is no ELAN file: it begins with 'html'"),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>', "says that it is UTF-16, not UTF-8"),
        (FRAMES, "counts time in PAL-frames, not in milliseconds"),
    ],
)
def test_files_with_mistakes(tmp_path, text, message):
    path = tmp_path / "a.eaf"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=rf"a\.eaf.*{message}"):
        read_eaf(path)


def test_files_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="there is no file"):
        read_eaf(tmp_path)
    (tmp_path / "a.eaf").write_bytes(eaf_files.ODD.encode("utf-16"))
    with pytest.raises(UserError, match="not UTF-8"):
        read_eaf(tmp_path / "a.eaf")
    monkeypatch.setattr("sfsign_jax.data.elan.MOST_EAF_BYTES", 1000)
    with pytest.raises(UserError, match="has more than 1000 bytes"):
        read_eaf(tmp_path / "a.eaf")
