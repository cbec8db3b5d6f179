"""Whole splits to glosses: what may not depend on the batch does not."""

import jax
import numpy as np
import pytest
from flax import nnx
from noisy_corpus import MODEL, predictions
from oracle import oracle_of, state_of

from sfsign_jax.errors import UserError


@pytest.fixture(scope="module")
def state():
    return state_of(MODEL, oracle_of(MODEL))


def test_the_batch_size_changes_nothing_in_masked_padding(state):
    alone, pairs, many = (predictions(state, size) for size in (1, 2, 8))
    assert len({tuple(glosses) for glosses in alone.conv.values()}) > 1
    assert alone._asdict().keys() == pairs._asdict().keys()
    for name, by_clip in alone._asdict().items():
        assert by_clip == getattr(pairs, name) == getattr(many, name)
    assert set(alone.signers.values()) == {"anna"}


def test_the_number_of_devices_changes_nothing(state):
    """In reference padding: fillers for devices without a clip change no neighbours."""
    alone = predictions(state, 2, "reference")
    assert predictions(state, 2, "reference", devices=8) == alone


def test_a_network_whose_outputs_are_not_finite_predicts_nothing(state):
    broken = jax.tree.map(lambda x: x * np.nan, state)
    with pytest.raises(UserError, match="outputs for clip clip4 are not finite"):
        predictions(nnx.State(broken), 2)
