"""What is said of a split, written out by hand."""

from pathlib import Path

from sfsign_jax.command_line.split_alignment import describe_split
from sfsign_jax.recognition.split_alignment import AlignedSplit, SignedGloss


def signed(clip, cost):
    return SignedGloss(clip, "anna", "RAIN", 0, 5, None, None, 0.5, cost)


def test_the_clips_that_hardly_fit_are_named_worst_first():
    glosses = [signed("a", 3.1), signed("a", 3.1), signed("b", 3.0), signed("c\n", 7.2)]
    split = AlignedSplit(Path("out/glosses.csv"), glosses, ["clip d: there are no glosses"])
    assert describe_split(split, "corpus dev").splitlines() == [
        "3 clips of corpus dev aligned, 1 left out: out/glosses.csv",
        r"2 of them hardly fit their glosses (cost above 3), worst first: c\n, a",
    ]
    many = AlignedSplit(Path("t.csv"), [signed(f"{i}", 4.0 + i) for i in range(11)], [])
    first, second = describe_split(many, "corpus dev").splitlines()
    assert first == "11 clips of corpus dev aligned: t.csv"
    assert second.endswith("worst first: 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 …")
    fitting = AlignedSplit(Path("t.csv"), [signed("a", 0.0)], [])
    assert len(describe_split(fitting, "corpus dev").splitlines()) == 1
