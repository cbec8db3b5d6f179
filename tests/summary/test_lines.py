"""Oracle: what is printed, written by hand."""

from sfsign_jax.summary.findings import Finding
from sfsign_jax.summary.lines import MOST_CHARACTERS, PRINTED, summary_lines
from sfsign_jax.summary.table import Row

ROWS = [
    Row("clips", {"train": "1600", "dev": "60"}),
    Row("signers that train lacks", {"dev": "1 (ida)"}),
]


def test_columns_are_aligned():
    assert list(summary_lines(ROWS, [])) == [
        "                            train      dev",
        "  clips                      1600       60",
        "  signers that train lacks         1 (ida)",
        "nothing was found that is wrong",
    ]


def test_a_few_items_are_printed_on_one_line_each():
    items = ["a\x1b[2J\nb", "x" * 999, *map(str, range(PRINTED))]
    lines = list(summary_lines(ROWS, [Finding("all is lost", "flee", items)]))[3:]
    assert lines[0] == "all is lost; flee:"
    assert lines[1] == r"  a\x1b[2J\nb"
    assert lines[2] == f"  {'x' * MOST_CHARACTERS}…"
    assert lines[-1] == "  and 2 more"
    assert len(lines) == PRINTED + 2


def test_a_finding_may_have_no_items():
    assert list(summary_lines(ROWS, [Finding("old", "renew", [])]))[3:] == ["old; renew"]
