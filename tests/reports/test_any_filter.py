"""Filters of any dimension, asked of any report."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from support.full_ledger import full
from support.wire import Clock
from tallystick import Ledger
from tallystick.catalog import Entry
from tallystick.core.dimensions import NAMES
from tallystick.errors import InvalidQuestion

from .test_unknown_totals import ASKED, asked

__all__ = ["full"]

FILTERED = [entry for entry in ASKED if any(parameter.name == "where" for parameter in entry.report.parameters)]


@pytest.mark.long
@pytest.mark.parametrize("entry", FILTERED, ids=lambda entry: entry.name)
def test_a_filter_is_answered_or_refused(full: Path, entry: Entry) -> None:
    """A report that takes filters answers one of any dimension or refuses it, and calls no ledger damaged."""
    ledger = Ledger(full, Clock())
    for dimension in NAMES:
        with suppress(InvalidQuestion):
            ledger.ask(entry.name, **asked(entry, {}) | {"where": {dimension: "nobody"}})
