"""Oracle: `Recognizer.align_video` of each clip by itself, and a run that nothing interrupts."""

import contextlib
import csv
import functools

import jax
import numpy as np
import pytest
from noisy_corpus import CORPUS, LENGTHS, MODEL
from oracle import oracle_of, state_of

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.data.frames import decode_frame
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition import split_alignment
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.split_alignment import align_split

VOCABULARY = tuple("ABCDEFGH")
GLOSSES = ("A B B", "C", "A B C D E", "H G", "A A A", "F", "E D C")
RECORDS = [
    record | {"glosses": [gloss.encode() for gloss in glosses.split()]}
    for record, glosses in zip(CORPUS.splits["dev"], GLOSSES, strict=True)
]
DATASET = CORPUS._replace(splits={"dev": RECORDS, "test": RECORDS}, frame_rate=25.0)
DATASET = DATASET._replace(num_frames={"dev": LENGTHS, "test": LENGTHS})


@pytest.fixture(scope="module")
def recognizer():
    network = Network(state_of(MODEL, oracle_of(MODEL)), MODEL, Preprocessing((40, 40), (32, 32)))
    return Recognizer(network, VOCABULARY, Timing(-2.0, -3.0, 8.0))


@pytest.fixture(scope="module")
def aligned(recognizer, tmp_path_factory):
    return align_split(recognizer, DATASET, "dev", tmp_path_factory.mktemp("whole") / "dev")


def with_glosses(number, *glosses):
    """The dataset with other glosses of one clip."""
    records = list(RECORDS)
    records[number] = records[number] | {"glosses": [gloss.encode() for gloss in glosses]}
    return DATASET._replace(splits={"dev": records})


def test_each_clip_is_aligned_as_it_is_by_itself(recognizer, aligned):
    rows = iter(aligned.glosses)
    for record in RECORDS:
        frames = [decode_frame(image, "clip") for image in record["frames"]]
        glosses = [gloss.decode() for gloss in record["glosses"]]
        alone = recognizer.align_video(frames, glosses)
        best = max(alone.log_probability, alone.alternatives[0].log_probability)
        places = zip(alone.glosses, alone.spans, alone.confidences, strict=True)
        for gloss, (first, last), confidence in places:
            row = next(rows)
            assert (row.id, row.signer, row.gloss) == (record["id"].decode(), "anna", gloss)
            assert (row.first_frame, row.last_frame) == (first, last)
            assert (row.start, row.end) == (first / 25, (last + 1) / 25)
            assert row.confidence == pytest.approx(confidence, abs=1e-4)
            cost = (best - alone.log_probability) / len(glosses)
            assert row.cost == pytest.approx(cost, abs=1e-3)
    assert [*rows] == []
    assert len({row.cost for row in aligned.glosses}) > 3


def test_the_table(aligned):
    with aligned.table.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [{**row} for row in rows] == [
        {name: str(value) for name, value in row._asdict().items()} for row in aligned.glosses
    ]


def test_without_a_frame_rate_there_are_no_seconds(recognizer, aligned, tmp_path):
    own = align_split(recognizer, DATASET._replace(frame_rate=None), "dev", tmp_path / "dev")
    assert own.glosses == [row._replace(start=None, end=None) for row in aligned.glosses]
    assert ",,," not in aligned.table.read_text()
    first = aligned.glosses[0]
    line = f"{first.first_frame},{first.last_frame},,,{first.confidence}"
    assert line in own.table.read_text().splitlines()[1]


def test_an_interrupted_run_goes_on(recognizer, aligned, tmp_path, monkeypatch):
    written = []

    def write_up_to(most, path, text):
        if len(written) == most:
            raise KeyboardInterrupt
        written.append(path)
        write(path, text)

    write = split_alignment.write_text_atomically
    for most in range(4):
        interrupted = functools.partial(write_up_to, most)
        monkeypatch.setattr(split_alignment, "write_text_atomically", interrupted)
        with pytest.raises(KeyboardInterrupt) if most < 3 else contextlib.nullcontext():
            again = align_split(recognizer, DATASET, "dev", tmp_path / "dev")
    assert len(written) == len(set(written)) == 3  # two batches and the table
    assert again.glosses == aligned.glosses
    assert again.table.read_bytes() == aligned.table.read_bytes()
    again.table.write_text("what a person made of it")
    assert align_split(recognizer, DATASET, "dev", tmp_path / "dev") == again
    assert again.table.read_text() == "what a person made of it"


def test_a_folder_goes_on_with_nothing_else(recognizer, aligned):
    folder = aligned.table.parent
    network = recognizer.network
    weights = Network(jax.tree.map(lambda x: x + 1, network.state), MODEL, network.preprocessing)
    for others, dataset, split, what in (
        (Recognizer(weights, VOCABULARY, recognizer.timing), DATASET, "dev", "checkpoint"),
        (Recognizer(network, VOCABULARY, Timing(0, 0, 8)), DATASET, "dev", "checkpoint"),
        (recognizer, DATASET, "test", "split"),
        (recognizer, DATASET._replace(name="other"), "dev", "dataset"),
        (recognizer, with_glosses(1, "D"), "dev", "clips"),
    ):
        with pytest.raises(UserError, match=rf"begun with another {what}: choose another"):
            align_split(others, dataset, split, folder)


def test_clips_that_can_not_be_aligned_are_left_out(recognizer, aligned, tmp_path):
    clips = [
        ClipFacts(record["id"].decode(), n, tuple(glosses.split()))
        for record, n, glosses in zip(RECORDS, LENGTHS, GLOSSES, strict=True)
    ]
    clips[0] = clips[0]._replace(glosses=())
    clips[3] = clips[3]._replace(glosses=("H", "Z"))
    clips[6] = clips[6]._replace(glosses=("A", "A"))  # three steps: 12 frames are enough
    clips[1] = clips[1]._replace(glosses=("A", "B", "B"))  # four: 9 frames are not
    dataset = DATASET._replace(clips={"dev": tuple(clips)})
    own = align_split(recognizer, dataset, "dev", tmp_path / "dev")
    assert own.left_out == [
        "clip clip0: there are no glosses to align",
        "clip clip1: 3 glosses need 4 steps, and the video has 3",
        "clip clip3: this model knows no gloss 'Z', but A, B, C and so on: 8 in all",
    ]
    assert [row.gloss for row in own.glosses if row.id == "clip6"] == ["A", "A"]
    same = ("clip2", "clip4", "clip5")
    ours, whole = ([r for r in x.glosses if r.id in same] for x in (own, aligned))
    assert [row[:7] for row in ours] == [row[:7] for row in whole]


def test_nothing_is_begun_where_nothing_can_be_aligned(recognizer, tmp_path):
    others = Recognizer(recognizer.network, tuple("STUVWXYZ"), recognizer.timing)
    with pytest.raises(UserError, match=r"no clip of test dev can be aligned \(clip clip0: this"):
        align_split(others, DATASET, "dev", tmp_path / "dev")
    nameless = Recognizer(recognizer.network, None)
    with pytest.raises(UserError, match="has no vocabulary"):
        align_split(nameless, DATASET, "dev", tmp_path / "dev")
    assert not [*tmp_path.iterdir()]


def test_a_broken_checkpoint(recognizer, tmp_path):
    network = recognizer.network
    state = jax.tree.map(lambda x: x * np.nan, network.state)
    broken = Recognizer(Network(state, MODEL, network.preprocessing), VOCABULARY)
    with pytest.raises(UserError, match="outputs for clip clip4 are not finite"):
        align_split(broken, DATASET, "dev", tmp_path / "dev")
