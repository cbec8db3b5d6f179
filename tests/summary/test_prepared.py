"""Oracle: small corpora whose every clip is known, and the records themselves, counted again."""

import csv
import json
import shutil
from collections import Counter
from itertools import chain
from statistics import median

import corpora
import pytest

from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.preparation import prepare
from sfsign_jax.summary import summarise

ROWS = [  # id, video, glosses, split, signer
    ("a", "a", "SUN RAIN", "train", "ann"),
    ("b", "b", "SUN RAIN WIND", "train", "ben"),
    ("c", "c", "SUN HAIL", "dev", "ann"),
    ("d", "copied", "RAIN SUN", "test", "cleo"),  # of a
    ("e", "e", "SUN SUN", "test", "ann"),  # needs three steps and has two
]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with these clips, of sixteen frames each but for one of eight."""
    folder = tmp_path_factory.mktemp("own")
    for number, name in enumerate("abce"):
        corpora.write_frames(folder / name, (64 + number, 64), count=8 if name == "e" else 16)
    shutil.copytree(folder / "a", folder / "copied")
    with (folder / "corpus.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "video", "glosses", "split", "signer"), *ROWS])
    return folder


def test_all_that_is_wrong_with_recordings_is_told(own, tmp_path):
    prepared = prepare("custom_corpus", tmp_path, own)
    lines = summarise(prepared)
    assert lines[0] == "vocabulary: 4 glosses, frames: 256×256 pixels"
    table = {line[:26].strip(): line[26:].split() for line in lines[2:12]}
    assert table["clips"] == ["2", "1", "2"]
    assert table["signers that train lacks"] == ["0", "1", "(cleo)"]
    assert table["glosses that train lacks"] == ["1", "0"]
    assert table["signed once"] == ["1"]
    told = "\n".join(lines)
    assert "more than one split" in told
    assert "  train: a = test: d, with other glosses: SUN RAIN / RAIN SUN\n" in told
    assert f"  {own / 'corpus.csv'}, line 6: clip e: its 2 glosses need 3 steps" in told
    assert (
        "dev: train lacks 1 gloss, 1 of the 2 that are scored: the WER is at least 50.0 %" in told
    )
    assert "  HAIL, 1 time: c\n" in told
    assert "1 of the 3 glosses of train is signed once" in told
    assert lines[-1] == f"all of it: {prepared.folder / 'summary.html'}"
    assert "train: a = test: d" in (prepared.folder / "summary.html").read_text()


def test_a_dataset_that_is_there_is_told_of_again_and_can_be_read(own, tmp_path, capsys):
    first = summarise(prepare("custom_corpus", tmp_path, own))
    capsys.readouterr()
    again = prepare("custom_corpus", tmp_path)  # needs no corpus any more
    table = f"{own / 'corpus.csv'}, line 6: clip e"
    assert summarise(again) == [line.replace(table, "test: clip e") for line in first]
    prepare("custom_corpus", tmp_path, own)
    assert "it was prepared before" in capsys.readouterr().out
    dataset = open_dataset("custom_corpus", tmp_path)
    assert [record["id"] for record in map(dataset.splits["test"].__getitem__, range(2))] == [
        b"d",
        b"e",
    ]


@pytest.mark.parametrize("lacking", [["signers", "checksums"], ["clips", "signers", "checksums"]])
def test_datasets_of_earlier_versions(own, tmp_path, lacking):
    """They have no such keys in their metadata."""
    prepared = prepare("custom_corpus", tmp_path, own)
    file = prepared.folder / "metadata.json"
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({key: fields[key] for key in fields.keys() - set(lacking)}))
    told = "\n".join(summarise(prepare("custom_corpus", tmp_path)))
    assert "an earlier version prepared it" in told
    assert f"delete {prepared.folder} and prepare it again" in told
    assert "more than one split" not in told
    assert ("clip e: its 2 glosses need 3 steps" in told) == ("clips" not in lacking)


def test_the_numbers_of_synthetic_signs_are_those_of_its_records(tmp_path):
    prepared = prepare("synthetic_signs/demo", tmp_path, clips="6,2,2")
    lines = summarise(prepared)
    dataset = open_dataset("synthetic_signs/demo_6_2_2", tmp_path)
    splits = {
        split: [records[number] for number in range(len(records))]
        for split, records in dataset.splits.items()
    }

    def row(name):
        [line] = [line for line in lines if line.startswith(f"  {name}  ")]
        return [cell.split()[0] for cell in line.removeprefix(f"  {name}").split("  ") if cell]

    def shown(count):
        return [f"{count(records):g}" for records in splits.values()]

    glosses = {
        split: [gloss for record in records for gloss in record["glosses"]]
        for split, records in splits.items()
    }
    assert row("clips") == shown(len)
    assert row("signers") == shown(lambda own: len({record["signer"] for record in own}))
    for name, measure in (("shortest", min), ("median", median), ("longest", max)):
        expected = shown(lambda own, m=measure: m(len(record["frames"]) for record in own))
        assert row(f"{name} clip, frames") == expected
    assert row("glosses signed") == [str(len(own)) for own in glosses.values()]
    once = sorted(gloss.decode() for gloss, n in Counter(glosses["train"]).items() if n == 1)
    assert row("signed once") == [str(len(once))]
    unknown = {*chain(glosses["dev"], glosses["test"])} - {*glosses["train"]}
    assert any(line.startswith("  glosses that train lacks") for line in lines) == bool(unknown)
    page = (prepared.folder / "summary.html").read_text()
    assert all(f"<li>{gloss}: train-" in page for gloss in once)
