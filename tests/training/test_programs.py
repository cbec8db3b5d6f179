"""Oracle: the buckets, counted by hand."""

import types

import numpy as np
from oracle import small_config

from sfsign_jax.data.batching import Batching
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.runtime.mesh import clip_mesh
from sfsign_jax.training.programs import evaluation_calls


def test_every_bucket_of_all_splits_is_compiled_once():
    """Of training clips that the timing is measured on, too: they may be longer than any of dev."""
    dev, train = (types.SimpleNamespace(lengths=lengths) for lengths in ((9, 20), (20, 40, 99)))
    batching = Batching(1, (16, 32, 64, 128))
    calls = evaluation_calls(
        [(dev, (0, 1)), (train, (0, 1))],  # and not the longest one
        batching,
        small_config(),
        Preprocessing((40, 40), (32, 32)),
        "masked",
        np.dtype(np.float32),
        clip_mesh(1),
    )
    assert [call.args[1].shape[1] for call in calls] == [16, 32, 64]
