"""Oracle: descriptions of datasets and of features, written by hand."""

import json

import pytest

from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.features import open_features
from sfsign_jax.errors import UserError

METADATA = {
    "vocabulary": ["A", "B"],
    "frame_size": [256, 256],
    "drop_top_rows": 0,
    "frame_rate": 25.0,
    "num_frames": {"train": [3, 4]},
    "references": {"dev": {"clip": "A B"}},
}


def prepared(folder, text):
    version = folder / "corpus" / "1.0.0"
    version.mkdir(parents=True)
    (version / "features.json").write_text("{}")
    (version / "metadata.json").write_text(text)
    return open_dataset("corpus", folder)


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": "AB"},
        {"vocabulary": ["A", "A"]},
        {"vocabulary": ["A", "B C"]},
        {"vocabulary": ["A", 2]},
        {"frame_size": [256]},
        {"frame_size": [-1, 256]},
        {"frame_size": [10**9, 10**9]},
        {"drop_top_rows": -3},
        {"drop_top_rows": 256},
        {"frame_rate": float("nan")},
        {"frame_rate": -25},
        {"frame_rate": "25"},
        {"num_frames": {"train": [3, 0]}},
        {"num_frames": {"train": 3}},
        {"num_frames": []},
        {"references": {"dev": {"clip": ["A"]}}},
        {"references": None},
        {"clips": {"train": [["a", "A"]]}},
        {"signers": {"train": ["ann"]}},
        {"checksums": {"train": ["0", "1", "2"]}},
        {"more": 1},
    ],
    ids=str,
)
def test_metadata_of_no_dataset(tmp_path, change):
    with pytest.raises(UserError, match=r"metadata\.json"):
        prepared(tmp_path, json.dumps(METADATA | change))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 5000, '{"num_frames":' * 5000, "\x00"])
def test_files_that_are_no_metadata(tmp_path, text):
    with pytest.raises(UserError, match=r"metadata\.json"):
        prepared(tmp_path, text)


@pytest.mark.parametrize("key", ["vocabulary", "frame_size"])
def test_metadata_that_lack_a_key(tmp_path, key):
    fields = {name: value for name, value in METADATA.items() if name != key}
    with pytest.raises(UserError, match=rf"metadata\.json .*{key}"):
        prepared(tmp_path, json.dumps(fields))


def test_records_that_no_library_can_read(tmp_path):
    with pytest.raises(UserError, match="is damaged: prepare it again"):
        prepared(tmp_path, json.dumps(METADATA))


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": "AB"},
        {"splits": []},
        {"splits": {"train": [{"id": "clip"}]}},
        {"checkpoint": 3},
        {"more": 1},
    ],
    ids=str,
)
def test_an_index_of_no_features(tmp_path, change):
    clip = {
        "id": "a",
        "signer": "b",
        "glosses": ["A"],
        "reference": [],
        "num_frames": 3,
        "rows": 16,
    }
    index = {
        "dataset": "corpus",
        "checkpoint": "0",
        "vocabulary": ["A"],
        "splits": {"train": [clip]},
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert open_features(tmp_path).clips == {"train": [clip]}
    (tmp_path / "index.json").write_text(json.dumps(index | change))
    with pytest.raises(UserError, match=r"index\.json"):
        open_features(tmp_path)
