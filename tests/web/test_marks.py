"""Marks: a panel says of its figures how far they can be trusted, for the eye and for a screen reader."""

from __future__ import annotations

import pytest

from support.organization import TODAY
from tallystick import Ledger
from tallystick.web.marks import marks


def words(book: Ledger, since: str, until: str | None = None, by: str = "workspace") -> dict[str, str]:
    """The marks of what was spent on some days."""
    return {mark.word: mark.sentence for mark in marks(book.spend(by, since, until), TODAY)}


def test_provisional_days_are_marked_and_counted(book: Ledger) -> None:
    """Days that may still change are marked with their number, settled ones are not."""
    assert words(book, "10d")["provisional"] == "10 of 10 days may still be changed by Anthropic."
    assert "provisional" not in words(book, "2026-10-01", "2026-10-05")


def test_absent_days_are_grave(book: Ledger) -> None:
    """Days that the ledger does not have are unknown, which a mark says."""
    table = book.spend("workspace", "2026-09-20", "2026-10-05")
    [absent] = [mark for mark in marks(table, TODAY) if mark.word == "absent days"]
    assert absent.grave
    assert absent.sentence.startswith("11 of 16 days")


def test_what_is_split_is_marked(book: Ledger) -> None:
    """Amounts that were billed to several keys together say which share was split."""
    assert "split by use" in words(book, "30d", by="key")["allocated"]


@pytest.mark.parametrize("report", ["status", "summary"])
def test_a_document_speaks_for_itself(book: Ledger, report: str) -> None:
    """The figures of a document have their notes, and no marks."""
    assert marks(book.ask(report), TODAY) == ()


def test_nothing_is_marked_twice(book: Ledger) -> None:
    """Each reason is one mark."""
    table = book.spend("key", "2026-09-20", f"{TODAY}")
    listed = [mark.word for mark in marks(table, TODAY)]
    assert len(listed) == len(set(listed))


def test_a_day_that_has_not_ended_is_not_absent(book: Ledger) -> None:
    """Costs come when a day has ended: until then it runs, and is not missing."""
    told = words(book, "3d", f"{TODAY}")
    assert "absent days" not in told
    assert told["running"].startswith("1 of ")
