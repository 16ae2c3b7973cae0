"""Every figure leads to the charges that it sums or is computed from, and says so; one that cannot says why."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from support.organization import NOW
from tallystick import Ledger
from tallystick.address import Address
from tallystick.catalog import CATALOG, entry
from tallystick.core.document import Document
from tallystick.core.question import Kind, Table
from tallystick.formats.layout import columns_of
from tallystick.formats.shown import FIGURES
from tallystick.web.grid import grid
from tallystick.web.links import ADDED, COMPUTED, LINES, behind
from tallystick.web.sheets import sheets
from tallystick.web.tiles import tiles

pytestmark = pytest.mark.long

QUESTIONS = {
    "spend": [
        "by=workspace,model&since=9d&top=6",
        "by=week&since=20d",
        "by=month,kind&since=2026-10-20",
        "by=team",
        "since=6d&compare=previous",
    ],
    "usage": ["by=model&since=5d", "by=day&since=3d&show=requests", "by=&where.model=claude-opus-*"],
    "keys": ["since=30d", "since=30d&where.status=active&top=3"],
    "days": ["since=20d", "month=2026-10"],
    "roster": ["dimension=model", "dimension=team", "dimension=key"],
    "variance": ["month=2026-11", "by=workspace,kind&since=7d&top=4&where.model!=claude-haiku-*"],
    "cache": ["since=9d", "by=day,workspace&since=4d", "by=key&since=9d&where.tier!=batch&top=5"],
    "whatif": ["since=9d&batch=0.5", "by=workspace&since=5d&swap=claude-opus-4-8=claude-haiku-4-5"],
    "reconcile": ["since=20d", "by=workspace&since=9d", "since=9d&rates=1", "since=9d&factors=1"],
    "forecast": ["", "until=week", "by=workspace"],
    "claude-code": ["since=20d", "by=day,model&since=9d"],
    "arrivals": ["since=9d", "since=30d"],
    "burn-rate": ["", "by=model&where.workspace!=default"],
}
"""What is asked of each report whose figures have charges behind them."""
DOCUMENTS = {
    "status": [""],
    "profile": ["dimension=team&value=coders", "dimension=model&value=claude-opus-4-8"],
    "summary": ["month=2026-10", "month=mtd"],
    "chargeback": ["month=2026-10", "month=2026-10&team=coders"],
}
"""The same of those that answer with Documents."""
CASES = [(report, query) for report, queries in QUESTIONS.items() for query in queries]


def test_every_report_of_charges_is_tried() -> None:
    """A report whose figures have charges behind them has questions here."""
    assert {listed.name for listed in CATALOG if listed.report.charges} == {*QUESTIONS, *DOCUMENTS}


def charges_of(ledger: Ledger, url: str) -> Table:
    """The charges that an address lists."""
    answer = ledger.ask(LINES, **Address.of(LINES, [*parse_qsl(urlsplit(url).query), ("top", "100000")]).values)
    assert isinstance(answer, Table)
    return answer


@pytest.mark.parametrize(("report", "query"), CASES)
def test_the_charges_of_a_figure_add_up_to_it(owned: Ledger, report: str, query: str) -> None:
    """A figure that says that charges add up to it is their sum, to the last digit; any other has charges behind it."""
    address = Address.of(report, parse_qsl(query, keep_blank_values=True))
    table = owned.ask(report, **address.values)
    assert isinstance(table, Table)
    shown = grid(table, address, len(table.cells))
    apart = table.totals if entry(report).report.subjects else {}
    tried = set()
    totals = [(shown.foot, table.totals)] if shown.foot else []
    for row, cells in [*zip(shown.rows, table.rows, strict=True), *totals]:
        for head, text in zip(shown.heads, row, strict=True):
            name = head.name.replace(" ", "_")
            if not head.figure or not (charges := behind(report, name, cells)) or not cells.get(name):
                continue
            if "others" in cells.values() or cells is apart or text.url in tried:
                continue
            tried.add(text.url)
            lines = charges_of(owned, text.url)
            assert lines.rows, text.url
            if charges.column:
                assert lines.totals[charges.column] == cells[name], text.url
                assert sum(line[charges.column] for line in lines.rows) == cells[name], text.url


@pytest.mark.parametrize(
    ("report", "query"), [(report, query) for report, queries in DOCUMENTS.items() for query in queries]
)
def test_the_charges_of_a_document_are_behind_it(owned: Ledger, report: str, query: str) -> None:
    """A figure of a Document leads to its charges, which add up to it where it says so."""
    document = owned.ask(report, **Address.of(report, parse_qsl(query)).values)
    assert isinstance(document, Document)
    made = tiles(report, document, NOW.date())
    for figure, tile in zip(document.figures, made, strict=True):
        assert tile.about or figure.heading.kind is Kind.TEXT
        if figure.question and figure.cell:
            lines, charges = charges_of(owned, tile.lines), behind(report, figure.heading.name, {})
            assert lines.rows, tile.lines
            if charges and charges.column:
                assert lines.totals[charges.column] == figure.cell, tile.lines
    for sheet in sheets(report, document):
        urls = {text.url for row in sheet.grid.rows for text in row if f"/{LINES}?" in text.url} if sheet.grid else ()
        for url in sorted(urls)[:6]:
            assert charges_of(owned, url).rows, url


def test_the_statement_of_an_open_month_is_the_sum_of_its_charges(owned: Ledger) -> None:
    """The charges behind the amount of a draft, and behind a team's row, add up to it."""
    for query in ("month=2026-10", "month=2026-10&team=coders"):
        document = owned.ask("chargeback", **Address.of("chargeback", parse_qsl(query)).values)
        assert isinstance(document, Document)
        amounts = {figure.heading.name: figure.cell for figure in document.figures}
        tile = next(tile for tile in tiles("chargeback", document, NOW.date()) if tile.name == "Amount")
        assert charges_of(owned, tile.lines).totals["billed"] == amounts["amount"]


@pytest.mark.parametrize(("report", "query"), CASES)
def test_every_figure_says_what_is_behind_it(owned: Ledger, report: str, query: str) -> None:
    """A column of figures says whether charges add up to it, it is computed from charges, or why it has none."""
    address = Address.of(report, parse_qsl(query, keep_blank_values=True))
    table = owned.ask(report, **address.values)
    assert isinstance(table, Table)
    shown = grid(table, address)
    for heading, head in zip((column.heading for column in columns_of(table)), shown.heads, strict=True):
        assert bool(head.source) == (heading.kind in FIGURES)
    linked = {index for row in shown.rows for index, text in enumerate(row) if f"/{LINES}?" in text.url}
    assert all(shown.heads[index].source in {ADDED, COMPUTED} for index in linked)
    assert shown.standing or all(shown.standings)
