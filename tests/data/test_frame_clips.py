"""Oracle: one spelling of each gloss, written out by hand."""

from sfsign_jax.data.catalog import Dataset
from sfsign_jax.data.frame_clips import glosses_of, reference
from sfsign_jax.data.training_batches import label_rows

RECORD = {"id": b"x", "glosses": ["U\u0308BER".encode(), "A\u200b".encode()]}


def test_datasets_prepared_before_may_hold_other_spellings():
    assert glosses_of(RECORD) == ("ÜBER", "A")
    rows = label_rows({"x": glosses_of(RECORD)}, ("A", "ÜBER"), 3)
    assert rows["labels"].tolist() == [[2, 1, 0]]


def test_references_are_cleaned_too():
    dataset = Dataset("d", ("A",), (8, 8), {}, {}, references={"dev": {"x": "U\u0308  A\u200b"}})
    assert reference(dataset, "dev", RECORD) == ("Ü", "A")
    assert reference(dataset, "test", RECORD) == ("ÜBER", "A")
