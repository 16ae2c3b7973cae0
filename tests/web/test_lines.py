"""Every figure leads to the charges that it sums."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from tallystick import Ledger
from tallystick.catalog import CATALOG, entry
from tallystick.core.question import Table
from tallystick.web.address import Address
from tallystick.web.grid import grid
from tallystick.web.links import LINES

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
}
"""What is asked of each report whose figures are sums of charges."""
CASES = [(report, query) for report, queries in QUESTIONS.items() for query in queries]


def test_every_report_of_sums_is_tried() -> None:
    """A report whose figures are sums of charges has questions here."""
    assert {listed.name for listed in CATALOG if listed.report.charges} == {*QUESTIONS}


@pytest.mark.parametrize(("report", "query"), CASES)
def test_the_charges_of_a_figure_add_up_to_it(owned: Ledger, report: str, query: str) -> None:
    """Each figure that leads to charges is the sum of them, to the last digit."""
    address = Address.of(report, parse_qsl(query, keep_blank_values=True))
    table = owned.ask(report, **address.values)
    assert isinstance(table, Table)
    shown = grid(table, address, len(table.cells))
    sums = entry(report).report.charges
    apart = table.totals if entry(report).report.subjects else {}
    for row, cells in zip([*shown.rows, shown.foot], [*table.rows, table.totals], strict=True):
        for head, text in zip(shown.heads, row, strict=True):
            name = head.name.replace(" ", "_")
            if name not in sums or not cells[name] or "others" in cells.values() or cells is apart:
                continue
            pairs = [*parse_qsl(urlsplit(text.url).query), ("top", "100000")]
            lines = owned.ask(LINES, **Address.of(LINES, pairs).values)
            assert isinstance(lines, Table)
            column = sums[name].column
            assert lines.totals[column] == cells[name], text.url
            assert sum(line[column] for line in lines.rows) == cells[name], text.url
