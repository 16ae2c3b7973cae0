"""Every figure on a page is the report's: a panel shows what the same question gives in Python, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.ledgers import OpenLedger
from support.organization import CLOCK, NOW
from tallystick import Ledger
from tallystick.core.document import Answer, Document
from tallystick.core.question import Table
from tallystick.errors import TallystickError
from tallystick.formats.layout import columns_of
from tallystick.formats.shown import shown
from tallystick.settings import Settings
from tallystick.web.application import application
from tallystick.web.page import Page, Panel, View
from tallystick.web.pages import PAGES
from tallystick.web.subject_pages import SUBJECT_PAGES

pytestmark = pytest.mark.long

SETTINGS = """
[[owner]]
team = "docs"
key = ["docs-*"]
[[owner]]
team = "platform"
workspace = "Production"
[[budget]]
name = "all of it"
amount = "60"
[[budget]]
name = "docs"
amount = "2"
team = "docs"
"""
SUBJECTS = (("team", "docs"), ("workspace", "default"), ("key", "playground"), ("model", "claude-opus-5-5"))


@pytest.fixture(scope="module")
def site(book: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, TestClient]]:
    """The dashboard of the small organization with owners and budgets, and its ledger to be asked."""
    path = tmp_path_factory.mktemp("site") / "tallystick.toml"
    Path(path).write_text(SETTINGS, encoding="utf-8")
    environment = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    settings = Settings.load(config=str(path), ledger=str(book.path), environment=environment)
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        yield OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings), client


def texts(section: str, pattern: str) -> list[str]:
    """What is read in each match of a pattern."""
    found = re.findall(pattern, section, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text)).split()) for text in found]


def answer(book: Ledger, panel: Panel) -> Answer | TallystickError:
    """What the question of a panel gives, or why it cannot be asked."""
    try:
        return book.ask(panel.address.report, **panel.address.values)
    except TallystickError as wrong:
        return wrong


def figures(_: Panel, told: Document, section: str) -> int:
    """Compare the tiles of a Document's figures."""
    values = texts(section, r'<dd class="value[^"]*">(.*?)</dd>')
    for figure in told.figures:
        text = shown(figure.cell, figure.heading)
        assert any(value.startswith(text) for value in values), text
    return len(told.figures)


def cells(panel: Panel, told: Answer, section: str) -> int:
    """Compare every figure of a table."""
    table = next(part.table for part in told.sections if part.table) if isinstance(told, Document) else told
    if not table.cells:
        return 0
    if panel.instead and (text := panel.instead(table)):
        assert text in section
        return 0
    columns = columns_of(table.of_columns(panel.columns) if panel.columns else table)
    [body] = re.findall(r"<tbody>(.*?)</tbody>", section, re.DOTALL)
    rows = [texts(row, r"<t[dh][^>]*>(.*?)</t[dh]>") for row in re.split(r"<tr[^>]*>", body)[1:]]
    assert len(rows) == min(panel.rows, len(table.cells))
    for number, row in enumerate(rows):
        told_row = [column.cells[number].strip() for column in columns if column.is_figure]
        assert [text for text, column in zip(row, columns, strict=False) if column.is_figure] == told_row, panel.title
    return len(rows)


def totals(panel: Panel, told: Table, section: str) -> int:
    """Compare the tiles of totals, or of the only row."""
    row = told.totals or (told.rows[0] if len(told.rows) == 1 else {})
    headings = {heading.name: heading for heading in told.headings}
    ends = {name: [end for end in (name, name.replace("low_", "high_")) if end in row] for name in panel.columns}
    wanted = [
        " to ".join(shown(row[end], headings[end]) for end in dict.fromkeys(ends[name])) for name in ends if ends[name]
    ]
    values = texts(section, r'<dd class="value[^"]*">(.*?)</dd>')
    assert [re.sub(r" (USD|tokens|days)$", "", value) for value in values] == wanted
    return len(wanted)


def steps(_: Panel, told: Table, section: str) -> int:
    """Compare the amounts of a waterfall."""
    amounts = texts(section, r'<td class="figure[^"]*">(.*?)</td>')[::3]
    heading = next(heading for heading in told.headings if heading.name == "amount")
    assert sorted(amounts) == sorted(shown(row["amount"], heading) for row in told.rows)
    return len(amounts)


def budgets(_: Panel, told: Table, section: str) -> int:
    """Compare what budgets spent and have."""
    headings = {heading.name: heading for heading in told.headings}
    amounts = {*texts(section, r"<dd>(.*?)</dd>")}
    for row in told.rows:
        assert {shown(row[name], headings[name]) for name in ("spent", "budget")} <= amounts
    return len(told.rows)


def squares(_: Panel, told: Table, section: str) -> int:
    """Compare the days of a calendar and what each was billed."""
    words = re.findall(r'<a class="square[^>]*aria-label="([^"]*)"', section)
    heading = next(heading for heading in told.headings if heading.name == "billed")
    days = {word.partition(":")[0]: word.split(", ")[2].removesuffix(" USD") for word in words}
    assert days == {row["day"]: shown(row["billed"], heading) for row in told.rows}
    return len(words)


CHECKS: Mapping[View, Callable[[Panel, Any, str], int]] = {
    View.FIGURES: figures,
    View.TABLE: cells,
    View.PART: cells,
    View.TOTALS: totals,
    View.WATERFALL: steps,
    View.METERS: budgets,
    View.CALENDAR: squares,
}
"""How each view is compared."""


def check(book: Ledger, page: Page, value: str, html: str) -> int:
    """Compare every panel of a page with its answer; return how many rows and figures were compared."""
    compared = 0
    panels = page.panels(value, {})
    if page.examples:
        choices = tuple(book.ask(asked.report, **asked.values) for asked in page.choices({}))
        panels = (*page.examples({}, choices), *panels)
    parts = html.split('<section class="panel ')[1:]
    assert len(parts) == len(panels)
    for panel, section in zip(panels, parts, strict=True):
        told = answer(book, panel)
        if isinstance(told, TallystickError):
            assert panel.may_lack, panel.title
            assert told.what[:20] in " ".join(texts(section, r'<p class="nothing">(.*?)</p>'))
        elif panel.view in CHECKS:
            compared += CHECKS[panel.view](panel, told, section)
    return compared


@pytest.mark.parametrize("page", [page for page in PAGES if page.path != "/"], ids=lambda page: page.path)
def test_a_page_shows_what_its_reports_say(site: tuple[Ledger, TestClient], page: Page) -> None:
    """Each cell, total and figure of a page is that of the report that it asks."""
    book, client = site
    assert check(book, page, "", client.get(page.path).text) > 0


@pytest.mark.parametrize(("kind", "value"), [*SUBJECTS, ("month", "2026-10")])
def test_a_subject_shows_what_its_reports_say(site: tuple[Ledger, TestClient], kind: str, value: str) -> None:
    """The page of one subject has its profile's figures and its reports' cells."""
    book, client = site
    assert check(book, SUBJECT_PAGES[kind], value, client.get(f"/{kind}/{value}").text) > 10


def test_sliders_ask_what_if(site: tuple[Ledger, TestClient]) -> None:
    """What the form is set to is what the report is asked: shares of percent, a model for another."""
    book, client = site
    page = client.get("/what-if?days=30d&from=claude-opus-5-5&to=claude-haiku-5-5&batch=40&cache_hit=70").text
    told = book.whatif("claude-opus-5-5=claude-haiku-5-5", "0.40", "0.70", since="30d")
    heading = next(heading for heading in told.headings if heading.name == "what_if")
    assert shown(told.totals["what_if"], heading) in texts(page, r'<dd class="value[^"]*">(.*?)</dd>')[1]
    assert "model generations" in page


@pytest.mark.parametrize(
    "query", ["batch=x", "batch=900", "cache_hit=-5", "from=nobody&to=nothing", "days=forever", "geo=moon"]
)
def test_a_form_that_is_set_to_nonsense_asks_plainly(site: tuple[Ledger, TestClient], query: str) -> None:
    """A setting that cannot be is as one that was not made, or is said; no page fails."""
    _, client = site
    for path in ("/what-if", "/cache", "/reconcile", "/claude-code"):
        assert client.get(f"{path}?{query}").status_code == 200


def test_a_statement_is_a_page_and_a_file(site: tuple[Ledger, TestClient]) -> None:
    """The month leads to the statement of each team, as a page and as files that open."""
    book, client = site
    page = client.get("/month/2026-10").text
    links = [unescape(link) for link in re.findall(r'href="(/ask/chargeback[^"]*team=docs[^"]*)"', page)]
    assert len(links) == 4
    for link in links:
        response = client.get(link)
        assert response.status_code == 200
        assert len(response.content) > 500
    assert book.chargeback("2026-10", "docs").sections[0].title in client.get(links[0]).text
