"""Totals of answers whose rows know nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.full_ledger import full
from support.wire import Clock
from tallystick import Ledger
from tallystick.catalog import CATALOG, Entry
from tallystick.core.document import Document
from tallystick.core.question import Kind

__all__ = ["full"]

WHERE = ({"method": "none"}, {"tier": "priority"}, {})
VALUES = {"query": "SELECT 1", "dimension": "model", "value": "claude-opus-5-5", "swap": ["claude-*=claude-opus-5-5"]}


def asked(entry: Entry, where: dict[str, str]) -> dict[str, Any]:
    """What a report is asked with: these filters, where it takes some, and every figure that it has."""
    values: dict[str, Any] = {}
    for parameter in entry.report.parameters:
        if parameter.name == "where" and {*where} <= {*parameter.choices}:
            values["where"] = where
        elif parameter.name == "show" and parameter.choices:
            values["show"] = ["requests"]
        elif parameter.required:
            values[parameter.name] = VALUES.get(parameter.name, "2026-10")
    return values


ASKED = [entry for entry in CATALOG if not entry.report.api and entry.name not in {"budget", "anomaly"}]
"""Reports of a ledger alone: budgets are of settings, and a finding must have been made."""


@pytest.mark.parametrize("entry", ASKED, ids=lambda entry: entry.name)
def test_a_total_of_what_nobody_knows_is_unknown(full: Path, entry: Entry) -> None:
    """Where every row of a column of money is unknown, its total is too, and not zero."""
    ledger = Ledger(full, Clock())
    for where in WHERE:
        answer = ledger.ask(entry.name, **asked(entry, where))
        tables = [section.table for section in answer.sections] if isinstance(answer, Document) else [answer]
        for table in filter(None, tables):
            for index, heading in enumerate(table.headings):
                cells = [row[index] for row in table.cells]
                if cells and heading.kind is Kind.MONEY and not [cell for cell in cells if cell is not None]:
                    assert table.totals.get(heading.name) is None, (heading.name, where)


def test_what_was_not_billed_has_no_bill(full: Path) -> None:
    """Charges that no line of the bill was matched with are rows, and what they were billed is unknown in the total."""
    table = Ledger(full, Clock()).charges(where={"method": "none"}, since="30d")
    assert table.cells
    assert table.totals["billed"] is None
