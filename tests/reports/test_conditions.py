"""Conditions: what a question holds fixed, as a part of a query."""

from __future__ import annotations

from support.organization import NOW
from tallystick import Ledger
from tallystick.core.select import select
from tallystick.core.time import Window
from tallystick.query.conditions import within


def test_an_empty_window_has_no_rows(book: Ledger) -> None:
    """Of a window without a day nothing is asked, months or not, though the day it stands on has charges."""
    for months in (False, True):
        query = select("day").from_("ledger.charges").where(within(Window(NOW, NOW), months=months))
        assert book.engine().ask(query).num_rows == 0
