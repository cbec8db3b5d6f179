"""Oracle: PyTorch's CTC loss, which is infinite where nothing can be aligned."""

import numpy as np
import pytest
import torch

from sfsign_jax.data.augmentation import Augmentation, most_frames
from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.training.short_clips import PRINTED, listed, short_clips

PUBLISHED = ModelConfig(num_classes=2).temporal_stack


def infinite(clip):
    """Of a clip in the published network: ceil(n / 4) steps."""
    steps = -(-clip.num_frames // 4)
    labels = torch.tensor([["ABC".index(gloss) + 1 for gloss in clip.glosses]])
    log_probs = torch.zeros(steps, 1, 4).log_softmax(-1)
    lengths = torch.tensor([steps]), torch.tensor([len(clip.glosses)])
    return torch.isinf(torch.nn.functional.ctc_loss(log_probs, labels, *lengths)).item()


def test_those_with_an_infinite_loss_are_found():
    rng = np.random.default_rng(0)
    clips = [
        ClipFacts(str(i), int(rng.integers(1, 40)), tuple(rng.choice([*"ABC"], rng.integers(1, 9))))
        for i in range(300)
    ]
    expected = [i for i, clip in enumerate(clips) if infinite(clip)]
    assert [*short_clips(clips, PUBLISHED)] == expected
    assert 50 < len(expected) < 250


def test_the_reason_is_told_and_other_stacks_have_other_steps():
    clip = ClipFacts("a-1", 16, ("A", "A", "B", "C"))
    assert short_clips([clip], PUBLISHED) == {
        0: "clip a-1: its 4 glosses need 5 steps, and 16 frames are 4"
    }
    assert not short_clips([clip], ("K5", "K5"))


@pytest.mark.parametrize(("rescale", "left_out"), [(0.0, [0]), (0.25, [])])
def test_stretching_may_make_a_clip_long_enough(rescale, left_out):
    augmentation = Augmentation(min_frames=4, rescale=rescale)
    clip = ClipFacts("a-1", 16, (*"AABC",))
    found = short_clips([clip], PUBLISHED, lambda n: most_frames(n, augmentation))
    assert [*found] == left_out


def test_some_are_printed_and_all_are_in_the_file(tmp_path):
    lines = [f"clip {i}" for i in range(PRINTED + 5)]
    told = listed("left out", lines, tmp_path / "file")
    assert told == [
        f"left out (all of them: {tmp_path / 'file'}):",
        *(f"  {line}" for line in lines[:PRINTED]),
    ]
    assert (tmp_path / "file").read_text().splitlines() == lines
