import json
from pathlib import Path

import pytest
from html_pages import HOSTILE, Element, chromium, complaints, fits, parse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import align_clips, clip_errors, report_page, word_error_rate

SCORED_CLIPS = json.loads((Path(__file__).parent / "fixtures" / "scored_clips.json").read_text())
REFERENCES = {clip["id"]: clip["reference"].split() for clip in SCORED_CLIPS}
PREDICTIONS = {clip["id"]: clip["prediction"].split() for clip in SCORED_CLIPS}
HEADS = {
    "BiLSTM": PREDICTIONS,
    "conv": {clip_id: words[1:] for clip_id, words in PREDICTIONS.items()},
}
SIGNERS = {clip_id: f"Signer0{i % 3}" for i, clip_id in enumerate(REFERENCES)}


@pytest.fixture(scope="module")
def page():
    return parse(report_page({"split": "dev"}, REFERENCES, HEADS, SIGNERS))


def table(head, title):
    """The rows of the table with this caption."""
    [found] = [
        table for table in head.all("table") if table.all("caption")[0].text.startswith(title)
    ]
    return [
        [cell.text for cell in row.children if isinstance(cell, Element)] for row in found.all("tr")
    ][1:]


def sentences(head):
    return head.all("ol", "sentences")[0].all("li", "sentence")


def clip_of(sentence):
    return sentence.all("span", "id")[0].text


def aligned(sentence):
    """(operation, reference, hypothesis) of each word."""
    words = sentence.all("ol", "words")[0].all("li")
    return [(word.attributes["class"], *(span.text for span in word.all("span"))) for word in words]


def test_totals_are_the_word_error_rate(page):
    for card, (head, predictions) in zip(page.all("article"), HEADS.items(), strict=True):
        errors = word_error_rate(REFERENCES, predictions)
        assert card.all("h2")[0].text.startswith(head)
        assert card.all("p", "wer")[0].text.startswith(f"{errors.rate:.2f} %")
        counts = [int(count.text.split()[0]) for count in card.all("dd")]
        assert counts == list(errors[1:])


@pytest.mark.parametrize("title", ["By length", "By signer"])
def test_groups_sum_to_the_totals(page, title):
    for head, predictions in zip(page.all("div", "head"), HEADS.values(), strict=True):
        errors = word_error_rate(REFERENCES, predictions)
        rows = [[int(count) for count in row[1:4]] for row in table(head, title)]
        assert [sum(column) for column in zip(*rows, strict=True)] == [
            len(REFERENCES),
            errors.words,
            errors.errors,
        ]


def test_signers_come_worst_first(page):
    for head in page.all("div", "head"):
        rates = [float(row[4]) for row in table(head, "By signer")]
        assert len(rates) == 3
        assert rates == sorted(rates, reverse=True)


def test_length_groups_widen_and_are_there_only_with_clips():
    references = {f"clip-{n}": ["X"] * n for n in (100, 13, 12, 7, 5, 4, 2, 1)}
    page = parse(report_page({}, references, {"BiLSTM": references}, {}))
    groups = [(row[0], row[1]) for row in table(page, "By length")]
    assert groups == [
        ("1", "1"),
        ("2", "1"),
        ("4-5", "2"),
        ("6-8", "1"),
        ("9-12", "1"),
        ("13-18", "1"),
        ("94-140", "1"),
    ]


def test_every_clip_is_there_once_and_the_worst_come_first(page):
    for head, predictions in zip(page.all("div", "head"), HEADS.values(), strict=True):
        shown = [clip_of(sentence) for sentence in sentences(head)]
        assert sorted(shown) == sorted(REFERENCES)
        errors = clip_errors(REFERENCES, predictions)
        order = [(errors[clip_id].rate, errors[clip_id].errors) for clip_id in shown]
        assert order == sorted(order, reverse=True)


def test_words_are_aligned_as_they_are_counted(page):
    for head, predictions in zip(page.all("div", "head"), HEADS.values(), strict=True):
        clips = align_clips(REFERENCES, predictions)
        for sentence in sentences(head):
            assert aligned(sentence) == [
                (word.operation, word.reference or "–", word.hypothesis or "–")
                for word in clips[clip_of(sentence)]
            ]


def test_confused_missed_and_inserted_glosses_by_hand():
    references = {"a": ["SUN", "RAIN"], "b": ["RAIN", "WIND"], "c": ["SUN", "RAIN"], "d": ["FOG"]}
    predictions = {"a": ["SUN", "SNOW"], "b": ["WIND"], "c": ["SUN", "SNOW"], "d": ["FOG", "SUN"]}
    page = parse(report_page({}, references, {"BiLSTM": predictions}, {}))
    assert table(page, "Most confused") == [["RAIN→SNOW", "2", "3"]]
    assert table(page, "Most missed") == [["RAIN", "1", "3"]]
    assert table(page, "Most inserted") == [["SUN", "1"]]


def test_without_an_error_the_tables_say_none():
    page = parse(report_page({}, REFERENCES, {"BiLSTM": REFERENCES}, SIGNERS))
    for title in ("Most confused", "Most missed", "Most inserted"):
        assert table(page, title) == [["none"]]
    assert {float(row[4]) for row in table(page, "By signer")} == {0}


def test_an_empty_prediction_is_shown_as_the_word_it_counts_as():
    page = parse(report_page({}, {"a": ["X"]}, {"BiLSTM": {"a": []}}, {}))
    assert [aligned(sentence) for sentence in sentences(page)] == [
        [("substitution", "X", "[EMPTY]")]
    ]


def test_names_are_text_whatever_they_hold():
    references = dict.fromkeys(HOSTILE, HOSTILE)
    heads = {name: dict.fromkeys(HOSTILE, HOSTILE[1:]) for name in HOSTILE[:2]}
    signers = {name: name for name in HOSTILE}
    page = parse(report_page({name: name for name in HOSTILE}, references, heads, signers))
    assert len(page.all("script")) == 1
    assert [name.text for name in page.all("dl", "about")[0].all("dd")][:-1] == HOSTILE
    for head in page.all("div", "head"):
        assert {clip_of(sentence) for sentence in sentences(head)} == set(HOSTILE)
        assert {row[0] for row in table(head, "By signer")} == set(HOSTILE)
        assert [row[0] for row in table(head, "Most missed")] == [HOSTILE[0]]
        for sentence in sentences(head):
            assert [reference for _, reference, _ in aligned(sentence)] == HOSTILE


def test_the_page_asks_for_no_other_file():
    page = report_page({"split": "dev"}, REFERENCES, HEADS, SIGNERS)
    for asking in ("src=", "href=", "http", "url(", "@import", "fetch("):
        assert asking not in page


def test_nothing_is_shown_where_nothing_can_be_counted():
    with pytest.raises(UserError, match="no prediction"):
        report_page({}, REFERENCES, {"BiLSTM": {}}, SIGNERS)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser, tmp_path):
    """The page in a browser, as a reader opens it; nothing may have gone wrong at the end."""
    references = {**REFERENCES, "hostile": HOSTILE}
    heads = {head: {**predictions, "hostile": HOSTILE[1:]} for head, predictions in HEADS.items()}
    path = tmp_path / "report.html"
    page = report_page({"split": "dev"}, references, heads, {**SIGNERS, "hostile": "</script> B."})
    path.write_text(page, encoding="utf-8")
    browser.get(path.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def search(browser, query):
    """The clips that are shown for a query."""
    box = browser.find_element(By.ID, "search")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.DELETE, query)
    return shown(browser)


def shown(browser):
    """The clips that are shown; the page has to say how many they are."""
    clips = browser.execute_script(
        "return [...document.querySelectorAll('.sentence')]"
        ".filter((sentence) => sentence.checkVisibility())"
        ".map((sentence) => sentence.querySelector('.id').textContent)"
    )
    count = browser.find_element(By.ID, "count").text
    assert count == f"{len(clips)} of {len(REFERENCES) + 1} sentences"
    assert browser.find_element(By.ID, "none").is_displayed() == (not clips)
    return clips


@pytest.mark.slow
def test_axe_finds_nothing(opened):
    assert complaints(opened) == []


@pytest.mark.slow
def test_search_finds_ids_signers_and_glosses_in_any_case(opened):
    clip_id = next(iter(REFERENCES))
    assert len(shown(opened)) == len(REFERENCES) + 1
    assert search(opened, clip_id.upper()) == [clip_id]
    assert set(search(opened, "signer01")) == {
        clip_id for clip_id, signer in SIGNERS.items() if signer == "Signer01"
    }
    wolke = {
        clip_id
        for clip_id in REFERENCES
        if any("WOLKE" in gloss for gloss in REFERENCES[clip_id] + PREDICTIONS[clip_id])
    }
    assert set(search(opened, "wolke")) == wolke
    assert set(search(opened, " wolke  SIGNER01 ")) == {
        clip_id for clip_id in wolke if SIGNERS[clip_id] == "Signer01"
    }
    assert search(opened, "no-such-gloss") == []


@pytest.mark.slow
def test_quotes_ask_for_a_whole_word(opened):
    assert search(opened, "7*7") == ["hostile"]
    assert search(opened, '"7*7"') == []
    assert search(opened, '"{{7*7}}"') == ["hostile"]
    assert search(opened, '"@</script> B."') == ["hostile"]


@pytest.mark.slow
def test_every_row_of_the_tables_finds_its_sentences(opened):
    for table in opened.find_elements(By.CSS_SELECTOR, ".head:not([hidden]) table"):
        counted = "clips" in table.find_element(By.TAG_NAME, "thead").text
        for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")[:4]:
            row.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
            count = int(row.find_element(By.CSS_SELECTOR, "td").text)
            found = len(shown(opened))
            assert found == count if counted else 1 <= found <= count


@pytest.mark.slow
def test_one_switch_shows_the_other_head(opened):
    def totals():
        tables = opened.find_elements(By.CLASS_NAME, "groups")
        [_, by_signer] = [table for table in tables if table.is_displayed()]
        errors = by_signer.find_elements(By.CSS_SELECTOR, "td:nth-child(4)")
        return sum(int(count.text) for count in errors)

    # The hostile clip adds one deletion to either head.
    assert totals() == word_error_rate(REFERENCES, HEADS["BiLSTM"]).errors + 1
    found = search(opened, "wolke")
    opened.find_element(By.CSS_SELECTOR, "input[name=head]").send_keys(Keys.ARROW_RIGHT)
    assert totals() == word_error_rate(REFERENCES, HEADS["conv"]).errors + 1
    assert set(shown(opened)) == set(found)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_the_screen(opened, width):
    assert fits(opened, width)
