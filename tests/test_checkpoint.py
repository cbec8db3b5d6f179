"""Oracles: what was saved, and descriptions of models written by hand or as older versions did."""

import dataclasses
import json
import logging
import shutil
import zlib

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import oracle_of, small_config, state_of

from sfsign_jax.checkpoint import (
    CHECKSUMS,
    ModelDescription,
    check_vocabulary,
    load_checkpoint,
    read_description,
    remove_for_good,
    save_checkpoint,
    save_timing,
)
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import load

CONFIG = small_config(share_classifier=2)
DESCRIPTION = ModelDescription(
    CONFIG, ("A", "B", "C", "D", "E", "F"), Preprocessing((40, 40), (32, 32)), "a test"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    return folder


def clip(frames, size=40):
    return np.random.default_rng(frames).integers(0, 256, (frames, size, size, 3), np.uint8)


def test_round_trip(checkpoint):
    model, description = load_checkpoint(checkpoint)
    assert description == DESCRIPTION
    state = state_of(CONFIG, oracle_of(CONFIG))
    for saved, loaded in zip(
        jax.tree.leaves(state), jax.tree.leaves(nnx.state(model)), strict=True
    ):
        np.testing.assert_array_equal(saved, loaded)


def test_where_it_was_saved_is_not_told(checkpoint):
    """It may be published."""
    files = [path for path in checkpoint.rglob("*") if path.is_file()]
    assert not [path for path in files if b"model.unfinished" in path.read_bytes()]


def test_glosses_saved_in_other_spellings_are_one_gloss(tmp_path):
    glosses = ("U\u0308BER", "\u00dcBER", "A\u200b", "C", "D", "E")
    description = dataclasses.replace(DESCRIPTION, vocabulary=glosses)
    fields = {"format": 1} | dataclasses.asdict(description)
    (tmp_path / "model.json").write_text(json.dumps(fields))
    assert read_description(tmp_path).vocabulary == ("ÜBER", "ÜBER", "A", "C", "D", "E")


def test_saving_again_replaces_the_old_one(checkpoint, tmp_path):
    for _ in range(2):
        save_checkpoint(tmp_path / "model", state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    load_checkpoint(tmp_path / "model")


def test_logits_do_not_depend_on_batch_or_bucket(checkpoint):
    recognizer = load(checkpoint)
    alone = recognizer.logits([clip(21)])
    steps = int(alone.num_steps[0])
    for batch, row, bucket in (([clip(30), clip(21), clip(5)], 1, None), ([clip(21)], 0, 96)):
        logits = recognizer.logits(batch, bucket=bucket)
        assert int(logits.num_steps[row]) == steps
        for ours, expected in zip(logits[:2], alone[:2], strict=True):
            np.testing.assert_allclose(ours[row, :steps], expected[0], atol=1e-5)


def test_recognize(checkpoint):
    recognizer = load(checkpoint)
    recognition = recognizer.recognize(clip(21))
    assert len(recognition.spans) == len(recognition.glosses) == len(recognition.tokens)
    assert set(recognition.glosses) <= set(DESCRIPTION.vocabulary or ())
    last = -1
    for start, end in recognition.spans:
        assert last < start <= end < 21
        last = end
    scores = [recognition.log_probability, *(a.log_probability for a in recognition.alternatives)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (clip(0), "has no frames"),
        (clip(5, 39), "this model takes uint8 frames"),
        (clip(5).astype(np.float32), "this model takes uint8 frames"),
    ],
)
def test_wrong_clips(checkpoint, wrong, message):
    with pytest.raises(UserError, match=message):
        load(checkpoint).logits([wrong])


def test_folder_that_is_no_checkpoint(tmp_path):
    with pytest.raises(UserError, match="is not a checkpoint"):
        load(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(UserError, match="does not describe a model"):
        load(tmp_path)


@pytest.fixture
def edited(checkpoint, tmp_path):
    """A copy of the checkpoint with another model.json, and without checksums."""

    def edit(change):
        folder = shutil.copytree(checkpoint, tmp_path / "model", dirs_exist_ok=True)
        (folder / CHECKSUMS).unlink(missing_ok=True)
        fields = json.loads((checkpoint / "model.json").read_text())
        change(fields)
        (folder / "model.json").write_text(json.dumps(fields))
        return folder

    return edit


def setting(path, value):
    """A change of model.json: `value` at the dotted `path`."""
    *parents, key = path.split(".")

    def change(fields):
        for parent in parents:
            fields = fields[parent]
        fields[key] = value

    return change


def test_arrays_that_do_not_fit(edited):
    folder = edited(setting("config.hidden_size", 16))
    assert read_description(folder).config.hidden_size == 16
    with pytest.raises(UserError, match="do not fit"):
        load(folder)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vocabulary", "ABCDEF"),
        ("vocabulary", ["A", "B", "C", "D", "E"]),
        ("vocabulary", ["A", "B", "C", "D", "E", "E"]),
        ("vocabulary", ["A", "B", "C", "D", "E", "F G"]),
        ("vocabulary", ["A", "B", "C", "D", "E", ""]),
        ("vocabulary", ["A", "B", "C", "D", "E", 6]),
        ("config.num_classes", 0),
        ("config.num_classes", 10**9),
        ("config.num_classes", 10**30),
        ("config.hidden_size", 33),
        ("config.hidden_size", -2),
        ("config.hidden_size", "32"),
        ("config.hidden_size", True),
        ("config.backbone.width", 10**9),
        ("config.backbone.depths", [10**6] * 4),
        ("config.backbone.depths", [1, 1, 1]),
        ("config.backbone.depths", {}),
        ("config.backbone.temporal_blocks", [1, 1, 1, -1]),
        ("config.backbone.alpha", 10**6),
        ("config.backbone.fusion", "FuseNone"),
        ("config.backbone", []),
        ("config.temporal_stack", "K5"),
        ("config.temporal_stack", ["P9"] * 9 + ["K5"]),
        ("config.temporal_stack", ["K5"] + ["P1"] * 100),
        ("config.temporal_stack", ["K²"]),
        ("config.feature_dropout", 1.5),
        ("config.lstm_dropout", float("nan")),
        ("config.weight_norm", "no"),
        ("config.a\x1b[31m", 1),
        ("preprocessing.frame_size", [40]),
        ("preprocessing.frame_size", [10**6, 10**6]),
        ("preprocessing.crop_size", [64, 32]),
        ("preprocessing.crop_size", [33, 33]),
        ("preprocessing.drop_top_rows", -3),
        ("preprocessing.drop_top_rows", 40),
        ("preprocessing.frame_rate", 0),
        ("preprocessing.frame_rate", float("inf")),
        ("source", ["a"]),
        ("num_batches_tracked", "1"),
        ("num_batches_tracked", -1),
        ("num_batches_tracked", 10**30),
        ("format", 2),
        ("format", "1"),
        ("more", {"keys": 1}),
    ],
    ids=str,
)
def test_descriptions_of_no_model(edited, path, value):
    folder = edited(setting(path, value))
    with pytest.raises(UserError, match=r"model\.json"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00" * 100,
        b"[1]",
        b"null",
        b'{"format": 1, "config": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"format": 1, "config": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
        b'{"format": 1, "config": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"format": 1, "source": "\xff"}',
        b'{"format": 1, "source": "' + b"a" * 40_000_000 + b'"}',
    ],
    ids=lambda text: text[:30],
)
def test_files_that_are_no_description(checkpoint, tmp_path, text):
    shutil.copytree(checkpoint, tmp_path / "model")
    (tmp_path / "model" / "model.json").write_bytes(text)
    with pytest.raises(UserError, match=r"model\.json"):
        load_checkpoint(tmp_path / "model")


@pytest.mark.parametrize("path", ["vocabulary", "config.num_classes", "config.backbone.alpha"])
def test_a_description_that_lacks_a_key(edited, path):
    *parents, key = path.split(".")

    def remove(fields):
        for parent in parents:
            fields = fields[parent]
        del fields[key]

    with pytest.raises(UserError, match=key):
        read_description(edited(remove))


def test_the_first_files_of_the_format_are_read(edited):
    """They have neither checksums nor the keys that came later."""

    def as_first_written(fields):
        del fields["config"]["backbone"]["zero_init_final_bn"]
        del fields["config"]["backbone"]["stacked"]
        del fields["config"]["for_inference"]
        del fields["preprocessing"]["drop_top_rows"]
        del fields["preprocessing"]["frame_rate"]
        del fields["num_batches_tracked"]

    assert load_checkpoint(edited(as_first_written))[1] == DESCRIPTION


def test_a_model_without_checksums_is_taken_and_that_is_said(edited, caplog):
    with caplog.at_level(logging.WARNING):
        load_checkpoint(edited(lambda fields: None))
    assert [record.message for record in caplog.records if CHECKSUMS in record.message]


def test_checksums_are_those_of_zlib(checkpoint):
    checksums = json.loads((checkpoint / CHECKSUMS).read_text())
    text = (checkpoint / "model.json").read_bytes()
    assert checksums["files"]["model.json"] == zlib.crc32(str(len(text)).encode() + text)
    arrays = jax.tree_util.tree_flatten_with_path(
        nnx.to_pure_dict(state_of(CONFIG, oracle_of(CONFIG)))
    )[0]
    assert checksums["arrays"] == {
        ".".join(key.key for key in path): zlib.crc32(np.asarray(array).tobytes())
        for path, array in arrays
    }


def test_an_edited_description_is_told_from_the_saved_one(checkpoint, tmp_path):
    """FuseBiAdd2 has the same arrays, and other glosses."""
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    path = folder / "model.json"
    path.write_text(path.read_text().replace('"FuseBiAdd"', '"FuseBiAdd2"'))
    with pytest.raises(UserError, match=r"model\.json is not what was saved"):
        load_checkpoint(folder)


def test_other_values_are_told_from_the_saved_ones(checkpoint, tmp_path):
    """Past the beginning of a file, which has a checksum of its own."""
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    save_checkpoint(tmp_path / "other", state_of(CONFIG, oracle_of(CONFIG, seed=1)), DESCRIPTION)
    shutil.rmtree(folder / "arrays")
    shutil.copytree(tmp_path / "other" / "arrays", folder / "arrays")
    of_files = json.loads((tmp_path / "other" / CHECKSUMS).read_text())["files"]
    of_arrays = json.loads((checkpoint / CHECKSUMS).read_text())["arrays"]
    (folder / CHECKSUMS).write_text(json.dumps({"files": of_files, "arrays": of_arrays}))
    with pytest.raises(UserError, match=r"model is damaged: backbone\.s1\."):
        load_checkpoint(folder)


@pytest.mark.parametrize("damage", ["inverted", "truncated", "gone"])
def test_damaged_files_are_never_loaded(checkpoint, tmp_path, damage):
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file())
    for number, path in enumerate(files):
        if path.name == CHECKSUMS:
            continue
        folder = shutil.copytree(checkpoint, tmp_path / f"model{number}")
        damaged = folder / path.relative_to(checkpoint)
        content = damaged.read_bytes()
        middle = len(content) // 2
        inverted = bytes(255 - byte for byte in content[middle : middle + 64])
        if damage == "inverted":
            damaged.write_bytes(content[:middle] + inverted + content[middle + 64 :])
        elif damage == "truncated":
            damaged.write_bytes(content[:middle])
        else:
            damaged.unlink()
        with pytest.raises(UserError, match=damaged.name):
            load_checkpoint(folder)


@pytest.mark.parametrize("text", ["", "{}", '{"files": {}, "arrays": {"a": "b"}}'])
def test_damaged_checksums(checkpoint, tmp_path, text):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    (folder / CHECKSUMS).write_text(text)
    with pytest.raises(UserError, match=CHECKSUMS):
        load_checkpoint(folder)


def test_a_kill_between_the_two_renames_of_a_replacement_loses_nothing(checkpoint, tmp_path):
    folder = tmp_path / "best"
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    rename = type(folder).rename
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(folder), "rename", killed_after(1, rename))
        save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG, seed=1)), DESCRIPTION)
    assert not folder.exists()
    assert load_checkpoint(folder)[1] == DESCRIPTION
    save_checkpoint(folder, state_of(CONFIG, oracle_of(CONFIG)), DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def killed_after(count, rename):
    calls = []

    def renamed(*arguments):
        calls.append(arguments)
        if len(calls) > count:
            raise KeyboardInterrupt
        return rename(*arguments)

    return renamed


TIMING = Timing(-3.5, None, 7.25)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_timing_is_written_and_all_else_stays(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    save_timing(folder, TIMING)
    assert load_checkpoint(folder)[1] == dataclasses.replace(DESCRIPTION, timing=TIMING)
    before, after = contents(checkpoint), contents(folder)
    assert before.keys() == after.keys()
    changed = {name for name, content in before.items() if content != after[name]}
    assert changed == {"model.json", CHECKSUMS}
    fields = json.loads(before["model.json"])
    assert json.loads(after["model.json"]) == fields | {
        "timing": {
            "conv_lag": -3.5,
            "sequence_lag": None,
            "pace": 7.25,
            "gloss_lags": [],
            "margin": None,
        }
    }
    sums = json.loads(before[CHECKSUMS])
    sums["files"]["model.json"] = json.loads(after[CHECKSUMS])["files"]["model.json"]
    assert json.loads(after[CHECKSUMS]) == sums


def test_a_timing_of_before_glosses_had_lags_and_clips_a_margin(edited):
    folder = edited(
        lambda fields: fields.update(timing={"conv_lag": -3.5, "sequence_lag": None, "pace": 7.25})
    )
    assert read_description(folder).timing == TIMING


def test_lags_of_glosses_that_the_model_does_not_have(edited):
    timing = dataclasses.asdict(dataclasses.replace(TIMING, gloss_lags=(1.0, 2.0)))
    folder = edited(lambda fields: fields.update(timing=timing))
    with pytest.raises(UserError, match="has lags of 2 glosses: those of each or of none"):
        read_description(folder)


def test_a_timing_of_the_bilstm_alone_is_none(edited):
    folder = edited(lambda fields: fields.update(timing={"lag": -3.5, "pace": 7.25}))
    assert read_description(folder).timing is None


def test_a_timing_of_the_first_files_of_the_format(edited):
    """Which stay as they are: two spellings, of which only the cleaned ones would be the same."""

    def as_first_written(fields):
        fields["vocabulary"][:2] = "U\u0308BER", "\u00dcBER"
        del fields["timing"], fields["num_batches_tracked"]

    folder = edited(as_first_written)
    fields = json.loads((folder / "model.json").read_text())
    save_timing(folder, TIMING)
    timed = json.loads((folder / "model.json").read_text())
    assert timed == fields | {"timing": json.loads(json.dumps(dataclasses.asdict(TIMING)))}
    assert not (folder / CHECKSUMS).exists()
    assert read_description(folder).timing == TIMING


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_kill_while_a_timing_is_written_leaves_a_checkpoint(checkpoint, tmp_path, written):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    replace = type(folder).replace
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(folder), "replace", killed_after(written, replace))
        save_timing(folder, TIMING)
    assert load_checkpoint(folder)[1].timing == (TIMING if written == 2 else None)
    save_timing(folder, TIMING)
    assert "model.json" in json.loads((folder / CHECKSUMS).read_text())["files"]
    assert load_checkpoint(folder)[1].timing == TIMING


def test_no_timing_is_written_into_what_is_damaged(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    path = folder / "model.json"
    path.write_text(path.read_text().replace('"FuseBiAdd"', '"FuseBiAdd2"'))
    before = contents(folder)
    with pytest.raises(UserError, match=r"model\.json is not what was saved"):
        save_timing(folder, TIMING)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("known", "same", "others"),
    [(DESCRIPTION.vocabulary, "ABCDEF", ("ABCDFE", "ABC")), (None, "UVWXYZ", ("UVWXY",))],
)
def test_another_vocabulary(known, same, others):
    description = dataclasses.replace(DESCRIPTION, vocabulary=known)
    check_vocabulary(description, "corpus", tuple(same))
    for other in others:
        with pytest.raises(UserError, match=r"\(6 glosses\) than corpus"):
            check_vocabulary(description, "corpus", tuple(other))


def test_a_late_write_of_a_save_that_failed(tmp_path, monkeypatch):
    folder = tmp_path / "best.unfinished"
    folder.mkdir()
    writes = iter([folder])

    def meanwhile(seconds):
        for path in writes:
            path.mkdir()

    monkeypatch.setattr("sfsign_jax.checkpoint.time.sleep", meanwhile)
    remove_for_good(folder)
    assert not folder.exists()
