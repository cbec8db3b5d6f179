"""What a clip of the synthetic corpus is, and that the seed alone decides it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tfds_builders.synthetic_signs import corpus
from tfds_builders.synthetic_signs.corpus import (
    DEMO,
    FULL,
    SyntheticClip,
    encoded_clips,
    make_clip,
)
from tfds_builders.synthetic_signs.grammar import split_of
from tfds_builders.synthetic_signs.lengths import phoenix_length
from tfds_builders.synthetic_signs.lexicon import DEMO_LEXICON
from tfds_builders.synthetic_signs.motion import sentence_motion

TINY = replace(DEMO, clips={"train": 6, "dev": 2, "test": 5})
GLOSSES = {gloss.name: gloss for gloss in DEMO_LEXICON}


@pytest.fixture(scope="module")
def clips() -> list[SyntheticClip]:
    return [make_clip(DEMO, split, i) for split in ("train", "dev", "test") for i in range(10)]


def test_same_arguments_give_the_same_clip(clips: list[SyntheticClip]) -> None:
    again = make_clip(DEMO, "train", 3)
    assert again.glosses == clips[3].glosses
    assert again.spans == clips[3].spans
    np.testing.assert_array_equal(again.frames, clips[3].frames)
    np.testing.assert_array_equal(again.hand_boxes, clips[3].hand_boxes)


def test_clips_do_not_depend_on_the_number_of_workers() -> None:
    alone, together = (list(encoded_clips(TINY, "train", workers)) for workers in (1, 2))
    assert [clip.id for clip in together] == [f"train-{i:05d}" for i in range(6)]
    assert alone == together


def test_clips_differ_by_seed_split_and_index(clips: list[SyntheticClip]) -> None:
    other_seed = make_clip(replace(DEMO, seed=1), "train", 0)
    drawn = [*clips, other_seed]
    assert len({clip.frames.tobytes() for clip in drawn}) == len(drawn)


def test_shapes(clips: list[SyntheticClip]) -> None:
    for clip in clips:
        frames = len(clip.frames)
        assert clip.frames.shape == (frames, 72, 72, 3)
        assert clip.frames.dtype == np.uint8
        assert clip.hand_boxes.shape == (frames, 2, 4)
        assert 12 <= frames <= 36
        assert 1 <= len(clip.glosses) <= 3


def test_spans_are_ordered_and_inside_the_clip(clips: list[SyntheticClip]) -> None:
    for clip in clips:
        assert len(clip.spans) == len(clip.glosses)
        edges = [edge for span in clip.spans for edge in span]
        assert edges == sorted(edges)
        assert all(last - first >= 2 for first, last in clip.spans)
        assert edges[0] > 0
        assert edges[-1] < len(clip.frames) - 1


def test_every_split_keeps_to_its_own_sentences(clips: list[SyntheticClip]) -> None:
    by_split: dict[str, set[tuple[str, ...]]] = {"train": set(), "dev": set(), "test": set()}
    for clip in clips:
        split = clip.id.split("-")[0]
        assert split_of(tuple(GLOSSES[name] for name in clip.glosses)) == split
        by_split[split].add(clip.glosses)
    assert not by_split["train"] & by_split["dev"]
    assert not by_split["train"] & by_split["test"]
    assert not by_split["dev"] & by_split["test"]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_no_sentence_is_much_of_a_split(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is the split's word error rate whether this one is recognised."""
    undrawn = (np.zeros((1, 1, 1, 3), np.uint8), np.zeros((1, 2, 4)))
    monkeypatch.setattr(corpus, "draw_frames", lambda *_: undrawn)
    clips = [make_clip(DEMO, split, number) for number in range(DEMO.clips[split])]
    [(_, often)] = Counter(clip.glosses for clip in clips).most_common(1)
    assert often < 0.15 * len(clips)


def test_one_signer_appears_only_in_test(clips: list[SyntheticClip]) -> None:
    unseen = DEMO.signers[-1].name
    for clip in clips:
        assert clip.signer != unseen or clip.id.startswith("test")
    assert unseen in {clip.signer for clip in clips}
    assert {signer.name for signer in DEMO.signers} == {clip.signer for clip in clips}


def test_hands_are_where_the_boxes_say_and_in_the_frame(clips: list[SyntheticClip]) -> None:
    """The dominant hand stays inside the 64x64 middle that a model crops, but for fingertips."""
    for clip in clips:
        signing = slice(clip.spans[0][0], clip.spans[-1][1] + 1)
        left, top, right, bottom = clip.hand_boxes[signing, 0].T
        across, down = (left + right) / 2, (top + bottom) / 2
        assert np.all((across > 8) & (across < 64) & (down > 8) & (down < 66))
        inside = (np.minimum(right, 68) - np.maximum(left, 4)) / (right - left)
        assert inside.mean() > 0.95
    signer = {signer.name: signer for signer in DEMO.signers}[clips[0].signer]
    left, top, right, bottom = clips[0].hand_boxes[clips[0].spans[0][0], 0].round().astype(int)
    hand = clips[0].frames[clips[0].spans[0][0], top:bottom, left:right].reshape(-1, 3).astype(int)
    assert (np.abs(hand - signer.skin).max(axis=1) < 40).mean() > 0.3


@pytest.mark.parametrize("gloss", DEMO_LEXICON, ids=lambda gloss: gloss.name)
def test_motion_is_smooth_and_ends_at_rest(gloss) -> None:
    poses, _ = sentence_motion((gloss, GLOSSES["MUCH"], gloss), 36, np.random.default_rng(0))
    step = np.linalg.norm(np.diff(poses.wrist, axis=0), axis=-1)  # frame heights a frame
    assert step.max() < 0.25
    assert np.abs(np.diff(poses.extension, axis=0)).max() < 0.7
    for end in (0, -1):
        assert np.all(poses.wrist[end, :, 1] > 0.8)
        assert np.all(np.abs(poses.face[end, :2]) < 0.35)


def test_cues_are_unmistakable() -> None:
    def face(name: str) -> np.ndarray:
        poses, [(first, last)] = sentence_motion((GLOSSES[name],), 20, np.random.default_rng(1))
        return poses.face[first - 1 : last + 2]

    assert np.ptp(face("NO-RAIN")[:, 0]) > 1.5 > 4 * np.ptp(face("RAIN")[:, 0])
    assert face("STORM")[:, 2].max() > 0.9 > 4 * face("WIND")[:, 2].max()


def test_productions_of_a_gloss_vary_a_little() -> None:
    one, other = (
        sentence_motion((GLOSSES["SUN"],), 20, np.random.default_rng(seed))[0] for seed in (0, 1)
    )
    assert 0.003 < np.abs(one.wrist - other.wrist)[8:12].max() < 0.15


def test_full_lengths_are_like_those_of_phoenix() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([phoenix_length(rng, 1.0) for _ in range(20_000)])
    glosses, frames = drawn.T
    assert abs(frames.mean() - 141) < 3
    assert abs(np.median(frames) - 138) < 3
    assert abs(np.quantile(frames, 0.99) - 240) < 8
    assert 16 <= frames.min() <= 30
    assert 280 < frames.max() <= 299
    assert abs((frames / glosses).mean() - 12) < 1


def test_full_clip_has_the_length_that_was_drawn() -> None:
    poses, spans = sentence_motion(FULL.lexicon[16:28], 141, np.random.default_rng(0))
    assert len(poses.wrist) == 141
    assert spans[-1][1] < 141


def test_full_frames() -> None:
    clip = make_clip(replace(FULL, length=lambda rng, speed: (2, 16)), "train", 0)
    assert clip.frames.shape == (16, 256, 256, 3)
