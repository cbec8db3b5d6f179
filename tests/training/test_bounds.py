"""Oracle: written out by hand."""

import pytest

from sfsign_jax.configuration import published_config
from sfsign_jax.errors import UserError
from sfsign_jax.training.bounds import check_numbers


def test_the_published_numbers_are_within():
    check_numbers(published_config())


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("training.batch_size", 0, "at least 1"),
        ("training.head_batch_size", 0, "at least 1"),
        ("training.epochs", -1, "at least 1"),
        ("evaluation.batch_size", 0, "at least 1"),
        ("data.buckets", (48, 0), "at least 1"),
        ("model.depths", ("x", 3), "'x': give a number"),
        ("model.hidden_size", 10**21, "at most"),
        ("data.buckets", (), ""),
        ("data.workers", -1, "at least 0"),
        ("data.rescale", 1.5, "at most 1"),
        ("optimizer.learning_rate", float("nan"), "at most"),
        ("optimizer.learning_rate", -1e-3, "at least 0"),
        ("loss.distillation", float("inf"), "at most"),
        ("seed", -1, "at least 0"),
    ],
)
def test_others_are_refused_with_their_key(key, value, words):
    config = published_config()
    with config.ignore_type():
        config.update_from_flattened_dict({key: value})
    with pytest.raises(UserError, match=rf"config\.{key} .*{words}"):
        check_numbers(config)
