"""Oracle: ELAN files written out by hand, and videos whose frames tell their number."""

import shutil
from pathlib import Path

import corpora
import eaf_files
import pytest
import recognised
import video_files

from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.preparation import prepare
from sfsign_jax.errors import UserError
from sfsign_jax.transcripts import Transcript
from sfsign_jax.transcripts.elan import write_eaf
from tfds_builders.custom_corpus.annotations import clip_sources

HEADER = "id,video,glosses,split,signer,gloss_tier,sentence_tier\n"


def write(folder, name, text, video="a.mp4"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if video:
        (path.parent / video).touch()
    return path


def simple(*tiers):
    return eaf_files.eaf(*tiers, media="./a.mp4")


GLOSS = ("gloss", [(100, 200, "A")])


def told(folder, **options):
    """Of each split: (id, signer, glosses, seconds) of its clips."""
    return {
        split: [(one.id, one.signer, one.annotation, one.seconds) for one in sources]
        for split, sources in clip_sources(folder, **options).items()
    }


def of_one(folder, text, columns=",,train,,,"):
    """The clips of a single file, beside another one for dev."""
    write(folder, "one.eaf", text)
    write(folder, "dev.eaf", simple(GLOSS))
    (folder / "corpus.csv").write_text(f"{HEADER}x,one.eaf{columns}\ny,dev.eaf,,dev,,,\n")
    return told(folder)["train"]


def mistake(folder, text, columns=",,train,,,"):
    with pytest.raises(UserError) as raised:
        of_one(folder, text, columns)
    return str(raised.value).replace(str(folder.absolute()) + "/", "")


def test_folders_of_elan_files_are_splits(tmp_path):
    write(tmp_path, "train/a.eaf", simple(GLOSS))
    write(tmp_path, "train/ann/März 1.EAF", simple(GLOSS))
    write(tmp_path, "train/.hidden.eaf", "")
    write(tmp_path, "train/.cache/b.eaf", "")
    write(tmp_path, "Val/a.eaf", simple(GLOSS))
    write(tmp_path, "other/a.eaf", "")
    one = ("unknown", "A", (0.1, 0.2))
    assert told(tmp_path) == {
        "train": [("train/a-1", *one), ("train/ann/März_1-1", *one)],
        "dev": [("Val/a-1", *one)],
    }


def test_rows_of_a_table_may_be_elan_files_and_folders_of_them(tmp_path):
    write(tmp_path, "b/c.eaf", simple(("Tier 7", [(0, 100, "A"), (5000, 5100, "B")])))
    write(tmp_path, "d.eaf", simple(GLOSS))
    (tmp_path / "corpus.csv").write_text(
        HEADER + "x,b,,train,Ann,Tier 7,\ny,d.eaf,,dev,,,\nz,a.mp4,C  D,test,,,\n"
    )
    assert told(tmp_path) == {
        "train": [("x/c-1", "Ann", "A", (0, 0.1)), ("x/c-2", "Ann", "B", (5, 5.1))],
        "dev": [("y-1", "unknown", "A", (0.1, 0.2))],
        "test": [("z", "unknown", "C  D", None)],
    }
    sources = clip_sources(tmp_path)
    assert sources["train"][1].row == f"{tmp_path / 'b/c.eaf'}, tier 'Tier 7', at 00:00:05.000"
    assert sources["train"][1].frames == tmp_path / "b/a.mp4"


def test_the_odd_file(tmp_path):
    """A sentence without text counts, an empty gloss does not; the video begins 200 ms later."""
    (tmp_path / "a b.mp4").touch()
    assert of_one(tmp_path, eaf_files.ODD, ",,train,,Gloss_A,") == [
        ("x-1", "Ann", "RAIN SUN", (0.2, 3.2)),
        ("x-2", "Ann", "WIND IX", (5.2, 6.2)),
    ]
    assert of_one(tmp_path, eaf_files.ODD, ",,train,Cem,Hands,") == [
        ("x-1", "Cem", "HALF OTHER", (0.2, 3.2))
    ]


def test_two_annotators_are_two_rows(tmp_path):
    (tmp_path / "a b.mp4").touch()
    write(tmp_path, "one.eaf", eaf_files.ODD)
    rows = "a,one.eaf,,train,,Gloss_A,Utterance_A\nb,one.eaf,,dev,,Gloss_B,Gloss_B\n"
    (tmp_path / "corpus.csv").write_text(HEADER + rows)
    splits = told(tmp_path)
    assert [clip[:3] for clip in splits["train"]][1] == ("a-2", "Ann", "WIND IX")
    assert splits["dev"] == [("b-1", "Ben", "NIGHT", (0.7, 2.7))]


def test_glosses_less_than_a_second_apart_are_one_clip(tmp_path):
    glosses = [(0, 100, "A"), (1099, 1200, "B"), (2200, 2300, "C"), (2300, 2400, "D")]
    assert of_one(tmp_path, simple(("gloss", glosses[::-1]))) == [
        ("x-1", "unknown", "A B", (0, 1.2)),
        ("x-2", "unknown", "C D", (2.2, 2.4)),
    ]


def test_a_gloss_is_of_the_sentence_that_its_middle_lies_in(tmp_path, caplog):
    glosses = [(0, 90, "OUT"), (90, 120, "A"), (190, 210, "B"), (500, 600, "C"), (900, 950, "OUT")]
    sentences = [(100, 200, "a"), (200, 300, ""), (300, 400, "silent"), (400, 700, "c")]
    assert of_one(tmp_path, simple(("gloss", glosses), ("Translation", sentences))) == [
        ("x-1", "unknown", "A", (0.1, 0.2)),
        ("x-2", "unknown", "B", (0.2, 0.3)),
        ("x-3", "unknown", "C", (0.4, 0.7)),
    ]
    [record] = caplog.records
    assert "tier 'Translation', at 00:00:00.000: 2 glosses lie in no" in record.getMessage()


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["Notes", "GLOSSES"], "GLOSSES"),
        (["LH-IDgloss", "RH-IDgloss"], "RH-IDgloss"),
        (["glosses (2)", "glosses"], "glosses"),
        (["Glosse_A", "English"], "Glosse_A"),
        (["Signs", "sentences"], "Signs"),
    ],
)
def test_the_tier_of_glosses_is_told_by_its_name(tmp_path, names, chosen):
    tiers = [(name, [(0, 100, name.encode().hex())]) for name in names]
    [(_, _, glosses, _)] = of_one(tmp_path, simple(*tiers, ("gloss", [])))
    assert glosses == chosen.encode().hex()


def test_sentences_of_the_same_signer_come_first(tmp_path):
    tiers = ("Gloss_A", [(0, 90, "A")]), ("Satz_A", [(0, 100, "a")]), ("Satz_B", [(0, 200, "b")])
    text = simple(*tiers)
    for name, signer in (("Gloss_A", "Ann"), ("Satz_A", "Ann"), ("Satz_B", "Ben")):
        text = text.replace(f'TIER_ID="{name}"', f'PARTICIPANT="{signer}" TIER_ID="{name}"')
    assert of_one(tmp_path, text) == [("x-1", "Ann", "A", (0, 0.1))]


def test_a_tier_of_sentences_may_hold_the_glosses(tmp_path):
    text = simple(("sentences", [(0, 100, "A B"), (200, 300, "C")]))
    assert of_one(tmp_path, text, ",,train,,sentences,") == [("x-1", "unknown", "A B C", (0, 0.3))]
    assert [one[2] for one in of_one(tmp_path, text, ",,train,,sentences,sentences")] == [
        "A B",
        "C",
    ]


def test_glosses_that_divide_a_time_do_not_overlap_by_rounding(tmp_path):
    """Seven sevenths of 29 are more than 29, as computers count."""
    parts = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r{i}" ANNOTATION_REF="a{1 + i // 7}">'
        f"<ANNOTATION_VALUE>G{i}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        for i in range(14)
    )
    text = simple(("whole", [(0, 29, ""), (29, 100, "")]))
    tier = f'<TIER LINGUISTIC_TYPE_REF="t" PARENT_REF="whole" TIER_ID="gloss">{parts}</TIER>'
    text = text.replace("\n<LING", f"{tier}\n<LING")
    [(_, _, glosses, _)] = of_one(tmp_path, text)
    assert len(glosses.split()) == 14


def test_glosses_are_cleaned_as_in_tables(tmp_path):
    text = simple(("gloss", [(0, 100, "U\u0308BER\u200b\u00a0WIND\n")]))
    assert of_one(tmp_path, text)[0][2].split() == ["\u00dcBER", "WIND"]


def test_the_video_is_looked_for_as_elan_does(tmp_path):
    folder = tmp_path / "corpus"
    for name in ("sub/a.eaf", "dev/a.eaf"):
        write(folder, name, simple(GLOSS))
    (folder / "corpus.csv").write_text(HEADER + "x,sub,,train,,,\ny,dev,,dev,,,\n")
    (folder / "films").mkdir()

    def found(header, at, **options):
        for path in (*folder.rglob("*.mp4"), *tmp_path.glob("*.mp4")):
            path.unlink()
        for path in (*at, folder / "dev/a.mp4"):
            path.touch()
        write(folder, "sub/a.eaf", eaf_files.eaf(GLOSS, header=header), video="")
        return clip_sources(folder, **options)["train"][0].frames.resolve()

    relative = '<MEDIA_DESCRIPTOR MIME_TYPE="video/mp4" MEDIA_URL="{}" RELATIVE_MEDIA_URL="{}"/>'
    films, beside, outside = folder / "films/ä b.mp4", folder / "sub/ä b.mp4", tmp_path / "ä b.mp4"
    windows = "file:///C:/ann/%C3%A4%20b.mp4"
    assert found(relative.format(windows, "../films/ä b.mp4"), [films, beside]) == films
    assert found(relative.format(windows, "../films/%C3%A4%20b.mp4"), [films]) == films
    assert found(relative.format(films.as_uri(), "../gone/ä b.mp4"), [films, beside]) == films
    assert found(relative.format(films.as_uri(), "./ä b.mp4"), [films, beside]) == beside
    assert found(relative.format(windows, ""), [beside]) == beside
    assert found(relative.format("https://example.org/films/ä b.mp4", ""), [beside]) == beside
    sound = '<MEDIA_DESCRIPTOR MIME_TYPE="audio/x-wav" MEDIA_URL="a.wav"/>'
    assert found(sound + relative.format(windows, "../films/ä b.mp4"), [films]) == films
    away = relative.format(outside.as_uri(), "../../ä b.mp4")
    assert found(away, [outside, beside]) == beside
    with pytest.raises(UserError, match=r"a\.eaf: '.*ä b\.mp4' leads out of .*--allow_outside"):
        found(away, [outside])
    assert found(away, [outside], allow_outside=True) == outside


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (
            eaf_files.eaf(GLOSS),
            ",,train,,,",
            "one.eaf links no video: link it in ELAN (Edit, Linked Files)",
        ),
        (
            eaf_files.eaf(GLOSS, media="./films/b.mp4"),
            ",,train,,,",
            "one.eaf: there is no video 'b.mp4': put it beside the file",
        ),
        (
            eaf_files.eaf(GLOSS, media="https://example.org/b.mp4"),
            ",,train,,,",
            "one.eaf: there is no video 'b.mp4': put it beside the file",
        ),
        (
            simple(GLOSS, ("Notes", [])),
            ",,train,,Gloss_A,",
            "one.eaf has no tier 'Gloss_A'; it has 'gloss' (1 annotations), 'Notes' (0 "
            "annotations)",
        ),
        (
            simple(GLOSS),
            ",,train,,,Sätze",
            "one.eaf has no tier 'Sätze'; it has 'gloss' (1 annotations)",
        ),
        (
            simple(("Gloss_A", GLOSS[1]), ("Gloss_B", GLOSS[1])),
            ",,train,,,",
            "one.eaf: which tier has the glosses? Name it in a column gloss_tier of corpus.csv; "
            "it has 'Gloss_A' (1 annotations), 'Gloss_B' (1 annotations)",
        ),
        (
            simple(),
            ",,train,,,",
            "one.eaf: which tier has the glosses? Name it in a column gloss_tier of corpus.csv; "
            "it has no tiers",
        ),
        (
            simple(GLOSS, ("Satz", GLOSS[1]), ("Translation", GLOSS[1])),
            ",,train,,,",
            "one.eaf: which tier has the sentences? Name it in a column sentence_tier of "
            "corpus.csv; it has 'gloss' (1 annotations), 'Satz' (1 annotations), 'Translation' "
            "(1 annotations)",
        ),
        (
            simple(("gloss", [(100, 200, "  "), (300, 400, "")])),
            ",,train,,,",
            "one.eaf: no annotation of the tier 'gloss' has a gloss: annotate it, name another "
            "tier or leave the file out; it has 'gloss' (2 annotations)",
        ),
        (
            simple(("gloss", [(61_000, 62_000, "A"), (61_500, 63_000, "B")])),
            ",,train,,,",
            "one.eaf, tier 'gloss', at 00:01:01.500: 'B' begins before 'A' ends, at "
            "00:01:02.000: put what is signed at once on two tiers",
        ),
        (
            simple(("gloss", [(200, 200, "A")])),
            ",,train,,,",
            "one.eaf, tier 'gloss', at 00:00:00.200: the annotation 'A' has no length: correct "
            "its end",
        ),
        (
            simple(("gloss", [(200, 300, "A&#x80;B")])),
            ",,train,,,",
            "one.eaf, tier 'gloss', at 00:00:00.200: the character U+0080 can't be printed; "
            "delete it",
        ),
        (
            simple(GLOSS).replace("MIME_TYPE", 'TIME_ORIGIN="-101" MIME_TYPE'),
            ",,train,,,",
            "one.eaf, tier 'gloss', at 00:00:00.100: that is before its video begins: correct "
            "the medium's offset",
        ),
        (
            simple(GLOSS).replace("MIME_TYPE", 'TIME_ORIGIN="1.5" MIME_TYPE'),
            ",,train,,,",
            "one.eaf: the medium './a.mp4' begins at '1.5', which is no number of milliseconds: "
            "open it in ELAN and save it again",
        ),
        (
            simple(GLOSS),
            ",A,train,,,",
            "corpus.csv, line 2: the glosses of an ELAN file are in its tiers: leave the cell "
            "empty",
        ),
        (
            simple(GLOSS)[:-9],
            ",,train,,,",
            "one.eaf, line 5: it is no XML (unclosed token): open it in ELAN and save it again",
        ),
        (
            '<!DOCTYPE a [<!ENTITY a "ha">]>' + simple(GLOSS),
            ",,train,,,",
            "one.eaf has a DOCTYPE, which no ELAN file needs: open it in ELAN and save it again",
        ),
    ],
)
def test_files_with_mistakes(tmp_path, text, columns, message):
    assert mistake(tmp_path, text, columns) == message


def test_an_elan_file_must_lie_in_the_folder_too(tmp_path):
    folder = tmp_path / "corpus"
    write(folder, "dev/a.eaf", simple(GLOSS))
    write(folder, "train/b.eaf", simple(GLOSS)).unlink()
    (folder / "train/b.eaf").symlink_to(write(tmp_path, "a.eaf", simple(GLOSS)))
    with pytest.raises(UserError, match="leads out of"):
        told(folder)
    assert len(told(folder, allow_outside=True)["train"]) == 1


def test_what_was_recognised_is_not_learned_beside_the_annotations(tmp_path):
    write(tmp_path, "train/a.eaf", simple(GLOSS))
    write(tmp_path, "train/a.glosses.eaf", simple(GLOSS))
    write(tmp_path, "dev/b.glosses.eaf", simple(GLOSS))  # corrected, perhaps
    message = r"a\.glosses\.eaf is what was recognised in the recording of a\.eaf: keep one"
    with pytest.raises(UserError, match=message):
        told(tmp_path)
    (tmp_path / "train/a.eaf").unlink()
    assert list(told(tmp_path)) == ["train", "dev"]


def test_elan_files_without_splits(tmp_path, monkeypatch):
    write(tmp_path, "a.eaf", simple(GLOSS))
    with pytest.raises(UserError, match=r"no corpus\.csv; expected .*\n.*\n(.*\n)+ +train/ dev/"):
        told(tmp_path)
    write(tmp_path, "train/a.eaf", simple(GLOSS))
    with pytest.raises(UserError, match=r"has no dev clip: training needs train and dev"):
        told(tmp_path)
    write(tmp_path, "dev/a.eaf", simple(GLOSS))
    monkeypatch.chdir(tmp_path.parent)
    assert list(told(Path(tmp_path.name))) == ["train", "dev"]


def test_prepared_clips_have_the_frames_of_their_times(tmp_path, capsys):
    video_files.write_video(tmp_path / "a.mp4", video_files.gradient(12))
    for split in ("train", "dev"):
        glosses = [(0, 80, "A"), (80, 200, "B"), (1300, 1400, "C")]
        tiers = ("gloss", glosses), ("sentence", [(40, 200, ""), (1300, 1400, "")])
        write(tmp_path, f"{split}/a.eaf", eaf_files.eaf(*tiers, media="../a.mp4"), video="")
    late = (
        r"dev/a\.eaf, tier 'gloss', at 00:00:01\.300: clip dev/a-2: .*a\.mp4 ends at 00:00:00\.480"
    )
    with pytest.raises(UserError, match=late.replace("dev", "train")):
        prepare("custom_corpus", tmp_path / "prepared", tmp_path)
    prepare("custom_corpus", tmp_path / "prepared", tmp_path, skip_broken=True)
    assert "left out 2 clips" in capsys.readouterr().out
    dataset = open_dataset("custom_corpus", tmp_path / "prepared")
    record = dict(dataset.splits["dev"][0])
    assert (record["id"], record["glosses"]) == (b"dev/a-1", [b"A", b"B"])
    assert video_files.brightness(corpora.decoded(record["frames"])) == [1, 2, 3, 4]


def test_what_is_written_is_read_again(tmp_path):
    """Sentences to an ELAN file, and from there to clips; the gloss of frame 5 ends with 14."""
    sentences = [recognised.sentence(0, ("RAIN", "SÜD<2>")), recognised.sentence(40, ("SUN",))]
    for split in ("train", "dev"):
        (tmp_path / split).mkdir()
        video = tmp_path / split / "M%41rz & co.mp4"
        video_files.write_video(video, video_files.gradient(60) // 5)
        write_eaf(video.with_suffix(".glosses.eaf"), Transcript(str(video), 25, sentences))
    assert told(tmp_path)["dev"] == [
        ("dev/M%41rz_&_co.glosses-1", "unknown", "RAIN SÜD<2>", (0.2, 1.2)),
        ("dev/M%41rz_&_co.glosses-2", "unknown", "SUN", (1.8, 2.2)),
    ]
    prepare("custom_corpus", tmp_path / "prepared", tmp_path)
    dataset = open_dataset("custom_corpus", tmp_path / "prepared")
    assert dataset.num_frames["train"] == (25, 10)
    assert dataset.vocabulary == ("RAIN", "SUN", "SÜD<2>")
    shutil.rmtree(tmp_path / "prepared")
