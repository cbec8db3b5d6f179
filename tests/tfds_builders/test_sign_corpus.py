"""Oracle: the frames and tables on disk."""

import hashlib
import json
import shutil

import corpora
import cv2
import numpy as np
import pytest

from sfsign_jax.data.catalog import open_dataset
from sfsign_jax.data.frame_clips import load_clip
from sfsign_jax.data.frames import as_stored, decode_frame, without_top_rows
from sfsign_jax.data.preparation import only_builder, prepare
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError


def records(dataset, split):
    return [dict(dataset.splits[split][i]) for i in range(len(dataset.splits[split]))]


def assert_same(a, b):
    assert a.vocabulary == b.vocabulary
    for split in a.splits:
        for one, other in zip(records(a, split), records(b, split), strict=True):
            assert one["id"] == other["id"]
            assert one["glosses"] == other["glosses"]
            frames = [corpora.decoded(record["frames"]) for record in (one, other)]
            np.testing.assert_array_equal(*frames)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """PHOENIX2014 as it is downloaded."""
    folder = tmp_path_factory.mktemp("raw")
    corpora.phoenix2014(folder)
    return folder


@pytest.fixture(scope="module")
def prepared(raw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    prepare("phoenix2014", folder, raw)
    return folder


def test_records_and_metadata(prepared, capsys):
    dataset = open_dataset("phoenix2014", prepared)
    assert dataset.frame_size == (256, 256)
    assert dataset.vocabulary[0] == "H"
    assert [r["id"].decode() for r in records(dataset, "train")] == ["a-1", "a-2"]
    assert records(dataset, "train")[0]["glosses"] == [b"REGEN", b"loc-NORD", b"WIND"]
    assert dataset.references["dev"] == {"b-1": "SONNE REGEN"}
    assert dataset.num_frames["train"] == (3, 3)
    frames = b"".join(records(dataset, "train")[0]["frames"])
    checksum = hashlib.sha256(frames).hexdigest()[:16]
    facts = ("a-1", 3, ("REGEN", "loc-NORD", "WIND"), "Signer01", checksum)
    assert dataset.clips["train"][0] == facts
    assert not list(prepared.glob("**/*unfinished*"))


def test_metadata_of_another_build(prepared, tmp_path):
    shutil.copytree(prepared / "phoenix2014" / "lossless", tmp_path / "phoenix2014" / "lossless")
    (metadata,) = tmp_path.rglob("metadata.json")
    fields = json.loads(metadata.read_text())
    fields["num_frames"]["dev"].append(7)
    fields["clips"]["dev"].append(["another", "A"])
    fields["signers"]["dev"].append("Signer01")
    fields["checksums"]["dev"].append("0")
    metadata.write_text(json.dumps(fields))
    with pytest.raises(UserError, match="the lengths of the 1 clips of dev"):
        open_dataset("phoenix2014", tmp_path)


def test_both_layouts_give_the_same_records(raw, prepared, tmp_path):
    root = corpora.phoenix2014(tmp_path / "resized", (256, 256))
    for file in root.glob("features/**/*.png"):
        original = str(file).replace(str(root), str(raw / "phoenix-2014-multisigner"))
        picture = cv2.imread(original.replace("256x256px", "210x260px"))
        resized = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_LANCZOS4)
        cv2.imwrite(str(file), resized)
    prepare("phoenix2014", tmp_path / "prepared", root)
    assert_same(
        open_dataset("phoenix2014", tmp_path / "prepared"), open_dataset("phoenix2014", prepared)
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("phoenix2014_t", corpora.phoenix2014_t),
        ("csl_daily", corpora.csl_daily),
        ("csl/jpeg", corpora.csl),
    ],
)
def test_other_corpora(tmp_path, name, write):
    write(tmp_path / "raw")
    prepare(name, tmp_path / "prepared", tmp_path / "raw")
    dataset = open_dataset(name, tmp_path / "prepared")
    assert dataset.drop_top_rows == (40 if name == "csl_daily" else 0)
    for split in dataset.splits:
        for record in records(dataset, split):
            assert corpora.decoded(record["frames"]).shape == (3, 256, 256, 3)
            assert b" ".join(record["glosses"]).decode()


def test_frames_of_another_size(tmp_path):
    """Oracle: what recognition makes of a video."""
    corpora.csl_daily(tmp_path / "raw")
    prepare("csl_daily", tmp_path / "prepared", tmp_path / "raw")
    dataset = open_dataset("csl_daily", tmp_path / "prepared", (64, 48))
    record = dataset.splits["dev"][0]
    ours = np.zeros((len(record["frames"]), 64, 48, 3), np.uint8)
    load_clip(dataset, record, range(len(ours)), out=ours)
    frames = [decode_frame(image, "frame") for image in record["frames"]]
    assert frames[0].shape == (256, 256, 3)
    preprocessing = Preprocessing((64, 48), (32, 32), dataset.drop_top_rows)
    assert dataset.drop_top_rows == 10
    expected = without_top_rows(as_stored(frames, preprocessing), preprocessing)
    np.testing.assert_array_equal(ours, [*expected])


def test_broken_clips_end_the_build_or_are_left_out_and_listed(tmp_path, capsys):
    root = corpora.phoenix2014(tmp_path / "raw", (256, 256))
    frame = root / "features/fullFrame-256x256px/train/a-1/1/frame001.png"
    frame.write_bytes(frame.read_bytes()[:100])
    with pytest.raises(UserError, match=r"train\.corpus\.csv, line 2: clip a-1: .*truncated"):
        prepare("phoenix2014", tmp_path / "prepared", root)
    assert not list((tmp_path / "prepared").glob("**/features.json"))
    prepare("phoenix2014", tmp_path / "prepared", root, skip_broken=True)
    assert "left out 1 clips:\n  " in capsys.readouterr().out
    dataset = open_dataset("phoenix2014", tmp_path / "prepared")
    assert [r["id"] for r in records(dataset, "train")] == [b"a-2"]
    assert dataset.num_frames["train"] == (3,)


def test_two_configurations_are_told_apart(raw, prepared):
    prepare("phoenix2014/jpeg", prepared, raw)
    with pytest.raises(UserError, match="phoenix2014/jpeg and phoenix2014/lossless: say which"):
        open_dataset("phoenix2014", prepared)
    assert open_dataset("phoenix2014/lossless", prepared).frame_size == (256, 256)


def test_files_that_are_gone_or_damaged(raw, tmp_path):
    prepare("phoenix2014/jpeg", tmp_path, raw)
    (file,) = tmp_path.rglob("*dev.array_record*")
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 9 : len(whole) // 9 + 2000] = bytes(2000)
    for damaged in (whole[:1000], bytes(flipped), b"", None):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        with pytest.raises(
            UserError, match=r"1\.0\.0, dev: clip 0 can't be read, its file is gone"
        ):
            records(open_dataset("phoenix2014", tmp_path), "dev")
    assert records(open_dataset("phoenix2014", tmp_path), "train")


def test_a_folder_must_be_given(tmp_path):
    with pytest.raises(UserError, match="Say --data_path"):
        prepare("phoenix2014", tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        prepare("phoenix2014", tmp_path, tmp_path / "nowhere")


def test_a_split_without_a_usable_clip(tmp_path):
    root = corpora.phoenix2014(tmp_path / "raw", (256, 256))
    for frame in root.glob("features/fullFrame-256x256px/dev/**/*.png"):
        frame.write_bytes(b"")
    with pytest.raises(UserError, match="no clip of the split dev can be used"):
        prepare("phoenix2014", tmp_path / "prepared", root, skip_broken=True)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="a file is in its way"):
        prepare("phoenix2014", tmp_path / "file/below", root)


def test_one_build_at_a_time(raw, tmp_path):
    folder = tmp_path / "phoenix2014" / "lossless"
    (folder / "incomplete.ABCDEF_1.0.0").mkdir(parents=True)
    with (
        only_builder(folder),
        pytest.raises(UserError, match="another process is preparing"),
    ):
        prepare("phoenix2014", tmp_path, raw)
    prepare("phoenix2014", tmp_path, raw)
    assert not list(folder.glob("incomplete.*"))
