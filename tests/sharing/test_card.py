"""Oracle: the hub's own reader of cards."""

import dataclasses

from huggingface_hub import ModelCard
from small_checkpoint import DESCRIPTION

from sfsign_jax.evaluation.results import Metrics
from sfsign_jax.sharing.card import model_card

HEADS = {"BiLSTM": {"rate": 21.196581, "words": 117}, "conv": {"rate": 25.0, "words": 117}}
RESULT = Metrics("signs|demo", "test", "masked", "best", 40, HEADS, "0a")


def test_the_hub_reads_what_is_known():
    text = model_card("anna/signs", DESCRIPTION, 12_345, "apache-2.0", [RESULT])
    data = ModelCard(text).data
    assert (data.license, data.library_name, data.metrics) == ("apache-2.0", "sfsign-jax", ["wer"])
    assert data.model_name == "signs"
    (result,) = data.eval_results
    assert (result.dataset_name, result.dataset_split) == ("signs|demo", "test")
    assert (result.metric_type, result.metric_value) == ("wer", 21.2)
    assert "| signs\\|demo | test | 40 | masked | 21.20 | 25.00 |" in text
    for fact in ('load("hf://anna/signs")', "a test", "| glosses | 3", "12,345", "25 a second"):
        assert fact in text


def test_what_is_not_known_is_not_said():
    unknown = dataclasses.replace(
        DESCRIPTION,
        source="",
        preprocessing=dataclasses.replace(DESCRIPTION.preprocessing, frame_rate=None),
    )
    text = model_card("anna/signs", unknown, 12_345, None, [])
    data = ModelCard(text).data
    assert (data.license, data.metrics, data.eval_results) == (None, None, None)
    assert "%" not in text
    assert "None" not in text
    for unknown_fact in (
        "none was given",
        "where they come from is not known",
        "rate is not known",
    ):
        assert unknown_fact in text
