"""Deliveries over a simulated organization, synced by its API: months complete, incomplete and closed."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from support.deliveries import SCREEN, World, lines
from support.full_ledger import copy, full, path, truth
from support.wire import NOW, days_ago
from tallystick.sim import World as Simulated

__all__ = ["copy", "full", "path", "truth"]
SUMMARY = """
[[deliver]]
name = "month"
ask = "summary"
every = "month"
format = "pdf"
folder = "out"
"""
STATEMENTS = """
[[owner]]
team = "all"
workspace = "*"
[[deliver]]
name = "statements"
ask = "chargeback"
every = "month"
format = "pdf"
folder = "out"
to = "screen"
teams = "each"
once = "closed"
"""


def world(folder: Path, text: str) -> World:
    """The synced ledger with these settings beside it."""
    made = World(folder)
    made.write(SCREEN + text)
    return made


def test_a_complete_month_has_its_bill(copy: Path, truth: Simulated) -> None:
    """October, read and billed to its last day, is delivered with what the world billed."""
    made = world(copy.parent, SUMMARY)
    assert lines(made.round(NOW)) == [
        f"delivered: month, October 2026, to {copy.parent / 'out' / 'month-2026-10.pdf'}."
    ]
    text = pypdf.PdfReader(io.BytesIO(made.files()["month-2026-10.pdf"])).pages[0].extract_text()
    days = [day for index in range(31) if (day := days_ago(52 - index))]
    billed = sum((truth.billed(day) for day in days), Decimal(0))
    assert "Claude in October 2026" in text
    assert f"{billed:,.2f}" in text


def test_a_month_that_runs_out_of_the_ledger_waits(copy: Path) -> None:
    """November, of which the ledger knows the first 22 days, waits in December for the others and names them."""
    made = world(copy.parent, SUMMARY)
    said = lines(made.round(NOW + timedelta(days=12)))
    assert said[0].startswith("waiting: month, November 2026: absent: 22 to 30 Nov; use read before its end: 22 Nov")


@pytest.mark.long
def test_a_close_is_waited_for(copy: Path) -> None:
    """With once = "closed" a statement waits for the close, says which command closes, and is that of the close."""
    made = world(copy.parent, STATEMENTS)
    [line] = lines(made.round(NOW))
    assert line.startswith("waiting: statements, October 2026: not closed: `tallystick close 2026-10`")
    made.book(NOW).close("2026-10", provisional=True, late=True, skip_earlier=True)
    assert all(line.startswith("delivered: ") for line in lines(made.round(NOW)))
    text = pypdf.PdfReader(io.BytesIO(made.files()["statements-2026-10-all.pdf"])).pages[0].extract_text()
    assert "Closed on 2026-11-22" in " ".join(text.split())
