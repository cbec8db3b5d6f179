"""The summary as it is printed."""

from collections.abc import Iterator, Sequence

from sfsign_jax.summary.findings import Finding
from sfsign_jax.summary.table import Row
from sfsign_jax.text import printable

PRINTED = 5  # items of a finding; all of them are on the page
MOST_CHARACTERS = 200  # of an item


def summary_lines(rows: Sequence[Row], found: Sequence[Finding]) -> Iterator[str]:
    """A line for each row of the table, and a few for each finding."""
    splits = list(rows[0].values)
    table = [["", *splits]]
    table += [[row.name, *(row.values.get(split, "") for split in splits)] for row in rows]
    cells = [[printable(cell) for cell in line] for line in table]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for name, *values in cells:
        aligned = (cell.rjust(width) for cell, width in zip(values, widths[1:], strict=True))
        yield f"  {name.ljust(widths[0])}  {'  '.join(aligned)}".rstrip()
    if not found:
        yield "nothing was found that is wrong"
    for finding in found:
        yield printable(f"{finding.problem}; {finding.advice}") + (":" if finding.items else "")
        yield from (f"  {cut(printable(item))}" for item in finding.items[:PRINTED])
        if len(finding.items) > PRINTED:
            yield f"  and {len(finding.items) - PRINTED} more"


def cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
