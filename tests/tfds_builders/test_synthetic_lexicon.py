"""What the lexicon, the sentences and the signers promise by construction."""

from collections import Counter, defaultdict
from itertools import pairwise, permutations

import numpy as np
import pytest

from tfds_builders.synthetic_signs.corpus import DEMO, FULL
from tfds_builders.synthetic_signs.grammar import draw_sentence, split_of
from tfds_builders.synthetic_signs.lexicon import (
    DEMO_LEXICON,
    FULL_LEXICON,
    Gloss,
    Handshape,
    Movement,
)
from tfds_builders.synthetic_signs.signers import SIGNERS, Rgb

LEXICONS = pytest.mark.parametrize("lexicon", [DEMO_LEXICON, FULL_LEXICON], ids=["demo", "full"])


@LEXICONS
def test_glosses_are_unique(lexicon: tuple[Gloss, ...]) -> None:
    assert len({gloss.name for gloss in lexicon}) == len(lexicon)
    assert len({(g.handshape, g.movement, g.cue) for g in lexicon}) == len(lexicon)


@LEXICONS
def test_neither_handshape_nor_movement_tells_a_gloss(lexicon: tuple[Gloss, ...]) -> None:
    movements: dict[Handshape, set[Movement]] = defaultdict(set)
    handshapes: dict[Movement, set[Handshape]] = defaultdict(set)
    for gloss in lexicon:
        movements[gloss.handshape].add(gloss.movement)
        handshapes[gloss.movement].add(gloss.handshape)
    assert all(len(found) >= 2 for found in movements.values())
    assert all(len(found) >= 2 for found in handshapes.values())


@LEXICONS
def test_some_glosses_differ_only_by_the_face(lexicon: tuple[Gloss, ...]) -> None:
    pairs = Counter((g.handshape, g.movement) for g in lexicon)
    assert sum(count == 2 for count in pairs.values()) >= 1
    assert max(pairs.values()) == 2
    assert sum(gloss.cue is not None for gloss in lexicon) >= 2


def dominant_path(movement: Movement) -> np.ndarray:
    """The path as a sequence of as many points for every movement, wherever it takes place."""
    keys = np.array(movement.path) / (1, 1, 1, 180)
    at = np.linspace(0, len(keys) - 1, 25)
    path = np.stack([np.interp(at, np.arange(len(keys)), column) for column in keys.T], axis=1)
    return path - path.mean(axis=0)


def test_no_gloss_mirrors_another() -> None:
    """A flipped one-handed sign is one of the left hand: no movement may be that to another.

    Two-handed movements are symmetric, so each of them is its own mirror image. The place is left
    out of the comparison, as if the hands could not be told apart.
    """
    movements = {gloss.movement for gloss in FULL_LEXICON}
    for one, other in permutations([m for m in movements if m.hands == 1], 2):
        mirrored = dominant_path(one) * (-1, 1, 1, -1)
        assert np.abs(mirrored - dominant_path(other)).max() > 0.08, (one.name, other.name)
    for movement in movements:
        beside = [key[0] for key in movement.path]
        assert np.mean(beside) < -0.05, "the dominant hand acts on its own side"


@LEXICONS
def test_sentences(lexicon: tuple[Gloss, ...]) -> None:
    rng = np.random.default_rng(0)
    used: Counter[str] = Counter()
    repeated = 0
    for _ in range(400):
        length = int(rng.integers(1, 25))
        sentence = draw_sentence(rng, lexicon, length)
        assert len(sentence) == length
        assert all(a != b for a, b in pairwise(sentence))
        repeated += len(set(sentence)) < length <= 5
        used.update(gloss.name for gloss in sentence)
    assert repeated > 0
    assert len(used) == len(lexicon)
    assert min(used.values()) > 0.3 * np.mean(list(used.values()))


def test_every_split_has_short_sentences() -> None:
    rng = np.random.default_rng(0)
    found = Counter(split_of(draw_sentence(rng, DEMO_LEXICON, 2)) for _ in range(300))
    assert set(found) == {"train", "dev", "test"}
    assert found["train"] > 180


def luminance(colour: Rgb) -> float:
    return float(np.dot(colour, (0.299, 0.587, 0.114)))


def test_hands_stand_out_from_clothes_and_background() -> None:
    for signer in SIGNERS:
        for behind in (signer.clothes, signer.background):
            assert abs(luminance(signer.skin) - luminance(behind)) > 80, signer.name


def test_configs() -> None:
    assert len(DEMO.lexicon) == 16
    assert len(FULL.lexicon) >= 40
    assert len({signer.name for signer in SIGNERS}) == len(SIGNERS)
