"""Oracle: one spelling of each gloss, written out by hand."""

import pytest

from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.frame_clips import EvaluationFrames, glosses_of, reference
from sfsign_jax.data.training_batches import label_rows
from sfsign_jax.errors import UserError

RECORD = {"id": b"x", "glosses": ["U\u0308BER".encode(), "A\u200b".encode()]}


def test_datasets_prepared_before_may_hold_other_spellings():
    assert glosses_of(RECORD) == ("ÜBER", "A")
    rows = label_rows({"x": glosses_of(RECORD)}, ("A", "ÜBER"), 3)
    assert rows["labels"].tolist() == [[2, 1, 0]]


def test_references_are_cleaned_too():
    dataset = Dataset("d", ("A",), (8, 8), {}, {}, references={"dev": {"x": "U\u0308  A\u200b"}})
    assert reference(dataset, "dev", RECORD) == ("Ü", "A")
    assert reference(dataset, "test", RECORD) == ("ÜBER", "A")


def test_a_split_that_is_not_there():
    dataset = Dataset("d", ("A",), (8, 8), {"train": [], "test": []}, {})
    with pytest.raises(UserError, match="d has no split 'dev', only train, test"):
        EvaluationFrames(dataset, "dev")
