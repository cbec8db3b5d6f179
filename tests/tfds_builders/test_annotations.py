"""Oracle: the tables written out by hand; the real tables were compared once (docs/datasets.md)."""

import corpora
import pytest

from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource, check_sources, read_table, vocabulary_of
from tfds_builders.csl.annotations import clip_sources as csl_sources
from tfds_builders.csl_daily.annotations import clip_sources as csl_daily_sources
from tfds_builders.custom_corpus.annotations import clip_sources as custom_sources
from tfds_builders.custom_corpus.annotations import video_sources
from tfds_builders.phoenix2014 import annotations as phoenix2014
from tfds_builders.phoenix2014_t.annotations import clip_sources as phoenix2014_t_sources


def ids(splits):
    return {split: [source.id for source in sources] for split, sources in splits.items()}


@pytest.mark.parametrize("nested", ["", "phoenix-2014-multisigner"])
@pytest.mark.parametrize("size", [(260, 210), (256, 256)])
def test_phoenix2014(tmp_path, nested, size):
    corpora.phoenix2014(tmp_path, size)
    splits = phoenix2014.clip_sources(tmp_path / nested)
    assert ids(splits) == {"train": ["a-1", "a-2"], "dev": ["b-1"], "test": ["c-1"]}
    assert splits["train"][0].signer == "Signer01"
    assert splits["train"][0].glosses == ["REGEN", "loc-NORD", "WIND"]
    assert len(list(splits["test"][0].frames.glob("*.png"))) == 3
    glosses = ["H", "REGEN", "S", "SONNE", "WIND", "ZEIGEN", "__PU__", "loc-NORD"]
    assert vocabulary_of(splits) == glosses


def test_references_are_official_or_cleaned_from_the_raw_line(tmp_path):
    root = corpora.phoenix2014(tmp_path)
    splits = phoenix2014.clip_sources(tmp_path)
    made = {"dev": {"b-1": "SONNE REGEN"}, "test": {"c-1": "S H WIND ZEIGEN-BILDSCHIRM"}}
    assert phoenix2014.references(tmp_path, splits) == made
    (root / "evaluation").mkdir()
    official = root / "evaluation/phoenix2014-groundtruth-dev.stm"
    official.write_text("b-1 1 Signer01 0.0 1.79769e+308 ANDERS")  # no newline at the end
    assert phoenix2014.references(tmp_path, splits) == made | {"dev": {"b-1": "ANDERS"}}


def test_the_published_broken_clip_is_left_out(tmp_path):
    root = corpora.phoenix2014(tmp_path)
    with (root / "annotations/manual/train.corpus.csv").open("a") as table:
        table.write(f"{phoenix2014.BROKEN}|{phoenix2014.BROKEN}/1/*.png|Signer01|WIND\n")
    assert ids(phoenix2014.clip_sources(tmp_path))["train"] == ["a-1", "a-2"]


def test_phoenix2014_t(tmp_path):
    corpora.phoenix2014_t(tmp_path)
    splits = phoenix2014_t_sources(tmp_path)
    assert ids(splits) == {"train": ["a-1", "a-2"], "dev": ["b-1"], "test": ["c-1"]}
    assert splits["dev"][0].frames.is_dir()


def test_csl_daily(tmp_path):
    root = corpora.csl_daily(tmp_path)
    splits = csl_daily_sources(tmp_path)
    assert ids(splits) == {
        "train": ["S000001_P0000_T00", "S000007_P0003_T00"],
        "dev": ["S000002_P0001_T00"],
        "test": ["S000003_P0004_T00"],
    }
    assert splits["train"][0].signer == "P0000"
    with (root / "video_map.txt").open("a", encoding="utf-8") as table:
        table.write("9|S999999_P0000_T00|3|好|||\n")
    with pytest.raises(UserError, match=r"line 6: clip S999999_P0000_T00 is in no split"):
        csl_daily_sources(tmp_path)
    with (root / "split_1.txt").open("a") as table:
        table.write("S999999_P0000_T00|dev\nS999999_P0000_T00|test\n")
    with pytest.raises(UserError, match=r"line 7: clip S999999_P0000_T00 is in another split"):
        csl_daily_sources(tmp_path)


def test_csl(tmp_path):
    root = corpora.csl(tmp_path)
    splits = csl_sources(tmp_path)
    assert ids(splits) == {"train": ["P01_s1"], "dev": ["P02_s1"]}
    assert splits["train"][0].glosses == ["他", "好"]
    (root / "dev.txt").write_text("P02_s1\n")
    with pytest.raises(UserError, match=r"dev\.txt, line 1 is not name\|glosses"):
        csl_sources(tmp_path)


def test_csl_lists_name_folders_of_another_machine(tmp_path):
    """As the published ones do: /disk1/dataset/CSL_Continuous/video250|glosses."""
    root = corpora.csl(tmp_path)
    (root / "train.txt").write_text("/disk1/dataset/CSL/P01_s1|他 好\n/disk1/gone|他\n\n")
    (root / "sub/clips").mkdir(parents=True)
    (root / "dev.txt").write_text("/disk1/sub/clips|好\n")
    splits = csl_sources(tmp_path)
    assert ids(splits) == {"train": ["P01_s1", "gone"], "dev": ["sub/clips"]}
    assert [source.frames for source in splits["train"]] == [root / "P01_s1", root / "gone"]
    (root / "train.txt").write_text("../CSL/../elsewhere|他\n")
    with pytest.raises(UserError, match=r"train\.txt, line 1: '\.\..*' leads out of"):
        csl_sources(tmp_path)


HEADER = "id,video,glosses,split,signer\n"


def custom(folder, text):
    (folder / "clips").mkdir(exist_ok=True)
    (folder / "clips/1.mp4").touch()
    (folder / "corpus.csv").write_bytes(text.encode())
    return custom_sources(folder)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_custom_corpus(tmp_path, separator):
    text = HEADER + '1,clips/1.mp4,HELLO  WORLD,train,Ann\n2,"clips/1.mp4",HELLO,dev,\n'
    splits = custom(tmp_path, text.replace(",", separator))
    assert ids(splits) == {"train": ["1"], "dev": ["2"]}
    assert splits["train"][0].glosses == ["HELLO", "WORLD"]
    assert splits["dev"][0].signer == "unknown"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,glosses\n1,A\n", "no column 'video'"),
        (HEADER + "1,clips/2.mp4,A,train,\n", r"line 2: there is no .*2\.mp4"),
        (HEADER + "1,  ,A,train,\n", "line 2 has too few columns"),
        (HEADER + "1," + 200_000 * "x" + ",A,train,\n", "line 2 can't be read"),
        (
            HEADER + '1,clips/1.mp4,"A,train,\n2,clips/1.mp4,B,dev,\n',
            "line 2 can't be read as a row",
        ),
        (HEADER + '1,clips/1.mp4,"A"B,train,\n', "line 2 can't be read as a row"),
        (HEADER + "1,clips/1.mp4,A,B,train,x\n", "line 2 has 6 columns instead of 5"),
        (HEADER + '1,clips/1.mp4,"A\nB",train,\n2,clips/2.mp4,A,dev,\n', r"line 4: there is no"),
        (HEADER + "1,clips/1.mp4,A\x1bB,train,\n", r"line 2: .*U\+001B can't be printed"),
        (HEADER + "1,clips/1.mp4\x00,A,train,\n", r"line 2: .*U\+0000 can't be printed"),
        (HEADER + "1," + 300 * "x" + ",A,train,\n", "line 2: there is no"),
        (HEADER + "1,../corpus.csv,A,train,\n", "line 2: '../corpus.csv' leads out of"),
        (HEADER + "1,/etc/hostname,A,train,\n", "line 2: '/etc/hostname' leads out of"),
        (
            "id,video,glosses,glosses,split\n1,clips/1.mp4,A,B,train\n",
            "more than one column 'glosses'",
        ),
        ("", "no column 'id'"),
        (HEADER + "1,clips/1.mp4,A,training,\n", "line 2: the split is 'training'"),
        (HEADER + "1\n", "line 2 has too few columns"),
        (HEADER + "1,clips/1.mp4,A,train,\n", "has no dev clip"),
    ],
)
def test_custom_tables_with_mistakes(tmp_path, text, message):
    with pytest.raises(UserError, match=rf"corpus\.csv.*{message}"):
        custom(tmp_path, text)


def test_a_cell_may_have_several_lines(tmp_path):
    text = HEADER + '1,clips/1.mp4,"RAIN\nSUN\r\nWIND",train,"Ann\nLee"\r\n2,clips/1.mp4,A,dev,\r\n'
    splits = custom(tmp_path, text)
    assert splits["train"][0].glosses == ["RAIN", "SUN", "WIND"]
    assert splits["dev"][0].row.endswith("corpus.csv, line 6")


def test_commas_between_glosses_are_told(tmp_path, caplog):
    """Of a list in quotes, or where a quote that was forgotten swallows rows."""
    text = HEADER + '1,clips/1.mp4,"RAIN, SUN",train,\n2,clips/1.mp4,"A, B",dev,\n'
    assert custom(tmp_path, text)["train"][0].glosses == ["RAIN,", "SUN"]
    [record] = caplog.records
    assert "line 2: the glosses 'RAIN, SUN' have the separator ','" in record.getMessage()


def test_tables_as_spreadsheets_leave_them(tmp_path):
    """A mark of byte order, capitals and spaces, empty rows and cells, other names of dev."""
    text = (
        "\ufeff ID ; Video;GLOSSES;Split;;\r\n1;clips/1.mp4;A;Train;;\r\n;;;;;\r\n  \r\n"
        "2;clips/1.mp4;A;VAL;;\r\n3;clips/1.mp4;A;valid;;\r\n4;clips/1.mp4;A;test\r\n"
    )
    splits = custom(tmp_path, text)
    assert ids(splits) == {"train": ["1"], "dev": ["2", "3"], "test": ["4"]}
    assert splits["dev"][0].row.endswith("corpus.csv, line 5")


def test_two_spellings_are_one_gloss_and_find_one_clip(tmp_path):
    for name in ("u\u0308ber.mp4", "m\u00e4rz.mp4"):
        (tmp_path / name).touch()
    text = HEADER + "1,\u00fcber.mp4,U\u0308BER,train,\n2,ma\u0308rz.mp4,\u00dcB\u200bER,dev,\n"
    splits = custom(tmp_path, text)
    assert vocabulary_of(splits) == ["\u00dcBER"]
    assert splits["train"][0].frames.name == "u\u0308ber.mp4"
    assert splits["dev"][0].frames.name == "m\u00e4rz.mp4"


def test_clips_elsewhere_only_where_that_is_asked_for(tmp_path):
    folder = tmp_path / "table"
    (folder / "clips").mkdir(parents=True)
    (tmp_path / "other.mp4").touch()
    (folder / "link.mp4").symlink_to(tmp_path / "other.mp4")
    for video in ("../other.mp4", "link.mp4", str(tmp_path / "other.mp4")):
        text = HEADER + f"1,{video},A,train,\n2,clips/1.mp4,A,dev,\n"
        with pytest.raises(UserError, match=r"line 2: .* leads out of .*--allow_outside"):
            custom(folder, text)
        splits = custom_sources(folder, allow_outside=True)
        assert splits["train"][0].frames.samefile(tmp_path / "other.mp4")


def test_the_videos_of_a_table_are_those_of_its_clips(tmp_path):
    text = HEADER + "1,clips/1.mp4,B\u200bA  C,train,Ann\n2,clips/1.mp4,A,dev,\n"
    splits = custom(tmp_path, text)
    table = tmp_path / "corpus.csv"
    assert video_sources(table) == [source for split in splits.values() for source in split]
    table.write_text(HEADER + "1,clips/2.mp4,A,,\n2,clips/1.mp4,,nowhere,\n")
    missing, empty = video_sources(table)
    assert (missing.frames, missing.row) == (tmp_path / "clips/2.mp4", f"{table}, line 2")
    assert empty.glosses == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("", "corpus.csv has no row but its header"),
        ("1,../1.mp4,A,train,", "line 2: '../1.mp4' leads out of"),
        ("1,talks/1.eaf,,train,", "line 2: 'talks/1.eaf' has times already"),
        ("1,talks/1.EAF,A,train,", "line 2: 'talks/1.EAF' has times already"),
        ("1,talks,,train,", "line 2: 'talks' has times already"),
        ("1,talks,A\x1b,train,", "line 2: .*can't be printed"),
    ],
)
def test_tables_without_videos(tmp_path, row, message):
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks/1.eaf").touch()
    (tmp_path / "corpus.csv").write_text(f"{HEADER}{row}\n")
    with pytest.raises(UserError, match=message):
        video_sources(tmp_path / "corpus.csv")


@pytest.mark.parametrize(
    "sources",
    [
        phoenix2014.clip_sources,
        phoenix2014_t_sources,
        csl_daily_sources,
        csl_sources,
        custom_sources,
    ],
)
def test_a_folder_without_the_corpus_shows_the_expected_tree(tmp_path, sources):
    with pytest.raises(UserError, match=r"has no .*expected is the folder of\n"):
        sources(tmp_path)


def test_tables_with_mistakes(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("id|gloss\n1|A\n2\n")
    with pytest.raises(UserError, match=r"table\.csv, line 3 has 1 columns instead of 2"):
        list(read_table(table, ("id", "gloss")))
    table.write_text("id|gloss\n1|A\n\n2|B|C\n")
    with pytest.raises(UserError, match=r"table\.csv, line 4 has 3 columns instead of 2"):
        list(read_table(table, ("id", "gloss")))
    with pytest.raises(UserError, match="has no column 'signer'"):
        list(read_table(table, ("id", "signer")))
    with pytest.raises(UserError, match="can't be read"):
        list(read_table(tmp_path / "missing.csv", ("id",)))


def test_clips_without_id_or_gloss(tmp_path):
    with pytest.raises(UserError, match="table, line 2: the clip has no id"):
        check_sources([ClipSource(" ", "", "A", tmp_path, "table, line 2")])
    with pytest.raises(UserError, match="table, line 2: the id 'x y' has white space"):
        check_sources([ClipSource("x y", "", "A", tmp_path, "table, line 2")])
    with pytest.raises(UserError, match="table, line 2: the id ';x' begins with ;"):
        check_sources([ClipSource(";x", "", "A", tmp_path, "table, line 2")])
    with pytest.raises(UserError, match="table, line 2: clip x has no glosses"):
        check_sources([ClipSource("x", "", "  ", tmp_path, "table, line 2")])


def test_two_clips_of_one_id(tmp_path):
    sources = [ClipSource("x", "", "A", tmp_path, f"table, line {i}") for i in (2, 7)]
    with pytest.raises(UserError, match="table, line 7: clip x is in table, line 2 already"):
        check_sources(sources)
