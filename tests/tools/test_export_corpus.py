"""Oracle: the clips as they are drawn, and the table as custom_corpus reads it."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tfds_builders.custom_corpus.annotations import clip_sources
from tfds_builders.synthetic_signs.corpus import DEMO, make_clip
from tfds_builders.synthetic_signs.lexicon import DEMO_LEXICON, FULL_LEXICON
from tfds_builders.synthetic_signs.signers import SIGNERS

TOOL = Path(__file__).parents[2] / "tools" / "export_corpus.py"


def export(*arguments):
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "own"
    result = export(folder, "--clips", "4,1,4", "--seed", "3")
    assert result.returncode == 0, result.stderr
    return folder


def test_it_is_a_corpus_with_other_signers_and_glosses_than_the_demo(exported):
    splits = clip_sources(exported)
    assert [(split, len(sources)) for split, sources in splits.items()] == [
        ("train", 4),
        ("dev", 1),
        ("test", 4),
    ]
    signers = {split: {source.signer for source in sources} for split, sources in splits.items()}
    assert signers["test"] - signers["train"] == {SIGNERS[-1].name}
    assert not set.union(*signers.values()) & {signer.name for signer in SIGNERS[:5]}
    glosses = {gloss for sources in splits.values() for s in sources for gloss in s.glosses}
    assert not glosses & {gloss.name for gloss in DEMO_LEXICON}


def test_videos_show_what_is_drawn(exported):
    with (exported / "corpus.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[2]
    names = ["SNOW", "YESTERDAY", "EAST", "NO-SNOW", "STRONG", "FOG", "MORNING", "WEST"]
    lexicon = tuple(next(g for g in FULL_LEXICON if g.name == name) for name in names)
    corpus = replace(DEMO, lexicon=lexicon, signers=SIGNERS[5:], frame_size=256, seed=3)
    clip = make_clip(corpus, "train", 2)
    assert (row["id"], row["glosses"], row["signer"]) == (
        clip.id,
        " ".join(clip.glosses),
        clip.signer,
    )
    video = cv2.VideoCapture(str(exported / row["video"]))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1][..., ::-1])
    assert len(frames) == len(clip.frames)
    assert np.abs(np.array(frames, float) - clip.frames).mean() < 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{own}"], "own can't be made"),
        (["{own}-2", "--clips", "4"], "--clips is '4'"),
        (["{own}-2", "--glosses", "4"], "4 is not between 5 and 25"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_leave_nothing(exported, arguments, words):
    result = export(*(argument.format(own=exported) for argument in arguments))
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in exported.parent.iterdir()] == ["own"]
