"""The digest of a closed month is of the text that its definition says, whatever stands in the rows."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tallystick.core.ledger_tables import CLOSED
from tallystick.core.money import plain
from tallystick.query import closings
from tallystick.query.closings import CHARGE, CLOSING, digest
from tallystick.store.columns import schema

AMOUNTS = ["0", "-0.5", "0.000000000001", "-0.000000000001", "12.3", "-7.25", "1.10", "1234567890123456.123456789012"]
TEXTS = ["", "plain", 'a "quote", \\ and\nline', "zoë ☃ 𝄞", "null", None]


def _rows() -> pa.Table:
    """Rows with each amount, each text and counts of both signs; one of them of the closing."""
    cells: list[dict[str, Any]] = [
        {
            "what": CHARGE,
            "day": date(2026, 10, 1 + place),
            "billed": None if amount == "0" else Decimal(amount),
            "list": Decimal(amount),
            "quantity": place - 3 if place else None,
            "key": TEXTS[place % len(TEXTS)],
        }
        for place, amount in enumerate(AMOUNTS)
    ]
    return pa.Table.from_pylist([*cells, cells[0], {"what": CLOSING, "text": "{}"}], schema(CLOSED))


def _text(cell: Any) -> str | None:
    return None if cell is None else plain(cell) if isinstance(cell, Decimal) else str(cell)


@pytest.mark.parametrize("batch", [2, 65_536])
def test_the_digest_is_of_the_sorted_lines(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is a JSON list of texts, exact and without idle zeros; the digest is of the lines in their order."""
    monkeypatch.setattr(closings, "BATCH", batch)
    rows = _rows()
    lines = [json.dumps([_text(cell) for cell in row.values()]) for row in rows.to_pylist() if row["what"] != CLOSING]
    expected = hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()
    assert digest(rows) == expected


def test_no_rows_have_the_digest_of_nothing() -> None:
    """The digest of no rows is that of an empty text."""
    assert digest(schema(CLOSED).empty_table()) == hashlib.sha256().hexdigest()
