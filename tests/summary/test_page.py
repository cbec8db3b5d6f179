"""Oracle: a strict parser of what is written, and a browser."""

import pytest
from html_pages import HOSTILE, chromium, complaints, fits, parse

from sfsign_jax.summary.findings import Finding
from sfsign_jax.summary.histograms import Bar, Histogram
from sfsign_jax.summary.page import summary_page
from sfsign_jax.summary.table import Row

ROWS = [Row("clips", {"train": "1600", "dev": "60"}), Row(HOSTILE[0], {"dev": HOSTILE[-1]})]
FINDINGS = [Finding(HOSTILE[0], HOSTILE[1], [*HOSTILE, *map(str, range(300))])]
HISTOGRAMS = [Histogram(HOSTILE[0], "frames", "clips", [Bar("1–4", 0), Bar("5–9", 4)])]
PAGE = summary_page({"dataset": HOSTILE[0], "frames": HOSTILE[-1]}, ROWS, FINDINGS, HISTOGRAMS)


def test_all_of_it_is_there_as_text_whatever_it_holds():
    page = parse(PAGE)
    assert page.all("script") == []
    assert page.all("title")[0].text == f"Dataset: {HOSTILE[0]}"
    assert [item.text for item in page.all("li")] == FINDINGS[0].items
    splits, histogram = page.all("table")
    cells = [[cell.text for cell in row.all("td")] for row in splits.all("tr")]
    assert cells == [[""], ["1600", "60"], ["", HOSTILE[-1]]]
    assert [bar.attributes["style"] for bar in histogram.all("div")] == [
        "width: 0.0%",
        "width: 100.0%",
    ]


def test_where_nothing_was_found_the_page_says_so():
    assert (
        "Nothing was found that is wrong."
        in parse(summary_page({"dataset": "x"}, ROWS, [], [])).text
    )


def test_the_page_asks_for_no_other_file():
    for asking in ("src=", "href=", "http", "url(", "@import", "fetch("):
        assert asking not in PAGE


@pytest.mark.slow
def test_the_page_fits_the_screen(tmp_path):
    path = tmp_path / "summary.html"
    path.write_text(PAGE, encoding="utf-8")
    with chromium() as browser:
        browser.get(path.as_uri())
        assert fits(browser, 390)
        assert fits(browser, 1280)
        assert complaints(browser) == []
        assert browser.get_log("browser") == []
