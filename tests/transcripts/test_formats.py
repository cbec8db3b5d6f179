"""Oracle: FFmpeg reads the subtitles and decodes them for players, pympi what ELAN reads, `prepare`
the table to train on."""

import json
import re

import av
import pympi
import pytest
from recognised import SPOKEN, TRANSCRIPT, sentence

from sfsign_jax.transcripts import WRITERS, Sentence, Transcript
from tfds_builders.annotations import check_sources
from tfds_builders.custom_corpus.annotations import clip_sources


def write(kind, folder):
    path = folder / f"transcript.{kind}"
    WRITERS[kind](path, TRANSCRIPT)
    assert [file.name for file in folder.iterdir()] == [path.name]
    return path


def shown(path):
    """(from, to, text) in milliseconds, as a player shows it that turns subtitles into ASS."""
    with av.open(str(path)) as container:
        for packet in container.demux(subtitles=0):
            if packet.size:
                [subtitle] = packet.decode()
                text = subtitle.ass.decode().split(",", 8)[8]
                # \\N breaks the line, braces hold commands, \\{ is a brace.
                text = re.sub(r"(?<!\\)\{[^}]*\}", "", re.sub(r"\\[Nn]", "\n", text))
                text = text.replace("\\{", "{").replace("\u2060", "")
                yield packet.pts, packet.pts + packet.duration, text


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_subtitles(kind, tmp_path):
    assert list(shown(write(kind, tmp_path))) == SPOKEN


def strange(number, gloss):
    return sentence(100 * number, (gloss, "SUN"))


STRANGE = [
    *("{HAUS}", "A{B}C", "{Y:b}", "{\\an8}X", "{", "}", "{}", "A\\{B"),
    *("IX\\Nhere", "A\\hB", "\\", "<unk>", "<b>", "</i>", "<2>", "A<B", "B>A", "<!--", "<v"),
    *("-->", "&", "&amp;", "&lt;", '"', "'", "$X*", "1", "00:00:01,000", "%s", "ÜBER", "天气"),
]


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_glosses_are_no_markup(kind, tmp_path):
    sentences = [strange(number, gloss) for number, gloss in enumerate(STRANGE)]
    WRITERS[kind](tmp_path / f"a.{kind}", Transcript("a.mp4", 25, sentences))
    read = [text for _, _, text in shown(tmp_path / f"a.{kind}")]
    assert read == [f"{gloss} SUN" for gloss in STRANGE]


def test_a_sentence_may_look_like_the_time_of_another(tmp_path):
    glosses = ("00:00:01,000", "-->", "00:00:02,000")
    for kind in ("srt", "vtt"):
        WRITERS[kind](tmp_path / f"a.{kind}", Transcript("a.mp4", 25, [sentence(0, glosses)]))
        assert [text for _, _, text in shown(tmp_path / f"a.{kind}")] == [" ".join(glosses)]


def test_glosses_in_json_and_elan_are_as_they_were(tmp_path):
    sentences = [strange(number, gloss) for number, gloss in enumerate(STRANGE)]
    for kind in ("json", "eaf"):
        WRITERS[kind](tmp_path / f"a.{kind}", Transcript("a.mp4", 25, sentences))
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [one["glosses"][0]["gloss"] for one in read["sentences"]] == STRANGE
    tier = pympi.Elan.Eaf(tmp_path / "a.eaf").get_annotation_data_for_tier("glosses")
    assert [gloss for _, _, gloss in sorted(tier)[::2]] == STRANGE


@pytest.mark.parametrize("kind", WRITERS)
def test_control_characters_are_left_out_of_every_format(kind, tmp_path):
    sentences = [sentence(0, ("HA\x1b[31mUS\x00", "A\ud800B", "C\n\nD", "\uffffE"))]
    path = tmp_path / f"a.{kind}"
    WRITERS[kind](path, Transcript("M\udcffrz\x07.mp4", 25, sentences))
    if kind == "json":
        text = json.loads(path.read_text(encoding="utf-8"))["sentences"][0]["text"]
    elif kind == "csv":
        text = path.read_text(encoding="utf-8").splitlines()[1].split(",")[2]
    elif kind == "eaf":
        [(_, _, text)] = pympi.Elan.Eaf(path).get_annotation_data_for_tier("sentences")
    else:
        [(_, _, text)] = shown(path)
    assert text == "HA[31mUS AB CD E"


def test_elan(tmp_path):
    path = write("eaf", tmp_path)
    file = pympi.Elan.Eaf(path)
    assert sorted(file.get_tier_names()) == ["glosses", "sentences"]
    assert sorted(file.get_annotation_data_for_tier("sentences")) == SPOKEN
    assert sorted(file.get_annotation_data_for_tier("glosses")) == [
        (200, 600, "RAIN"),
        (800, 1200, "SÜD<2>"),
        (3600200, 3600600, "SUN"),
    ]
    (link,) = file.get_linked_files()
    assert link["RELATIVE_MEDIA_URL"] == "./März & co.mp4"
    assert link["MIME_TYPE"] == "video/mp4"
    WRITERS["eaf"](path, TRANSCRIPT)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_json(tmp_path):
    read = json.loads(write("json", tmp_path).read_text(encoding="utf-8"))
    assert (read["video"], read["frame_rate"]) == (TRANSCRIPT.video, 25)
    first, second = read["sentences"]
    assert (first["start"], first["end"], first["text"]) == (0.2, 1.2, "RAIN SÜD<2>")
    assert second["frames"] == [90005, 90014]
    assert first["glosses"][1] == {
        "gloss": "SÜD<2>",
        "start": 0.8,
        "end": 1.2,
        "frames": [20, 29],
        "confidence": 0.75,
    }
    assert first["alternatives"] == [{"text": "RAIN", "log_probability": -1.5}]


def test_json_of_what_a_person_has_edited(tmp_path):
    edited = Sentence(("RAIN", "SUN"), ((0, 4), (5, 9)), (0.75, None))
    WRITERS["json"](tmp_path / "a.json", Transcript("a.mp4", 25, [edited], edited=True))
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert read["edited"] is True
    [sentence] = read["sentences"]
    first, second = sentence["glosses"]
    assert (first["confidence"], second["edited"]) == (0.75, True)
    assert "edited" not in first
    assert "confidence" not in second
    assert "log_probability" not in sentence


@pytest.mark.parametrize(
    "name", ["a b, c.mp4", ';"x"; y.mp4', "März.mp4", "=1+1.mp4", "tab\tx.mp4"]
)
def test_a_row_to_train_on(name, tmp_path):
    transcript = Transcript(f"films/{name}", 25, [sentence(0, ("A,B", 'C"', "D E"))])
    WRITERS["csv"](tmp_path / "corpus.csv", transcript)
    with (tmp_path / "corpus.csv").open("a", encoding="utf-8") as table:
        table.write("other,März.mp4,RAIN,dev,\n")
    for file in {"März.mp4", name.replace("\t", "")}:
        (tmp_path / file).touch()
    sources = clip_sources(tmp_path)
    check_sources([*sources["train"], *sources["dev"]])
    [clip] = sources["train"]
    assert clip.frames == tmp_path / name.replace("\t", "")
    assert clip.glosses == ["A,B", 'C"', "D-E"]


def test_no_row_where_nothing_is_signed(tmp_path):
    WRITERS["csv"](tmp_path / "corpus.csv", Transcript("a.mp4", 25, []))
    assert (tmp_path / "corpus.csv").read_text() == "id,video,glosses,split,signer\n"
