"""How final a month is: one sentence for each of its states, and the same wherever the month is asked about."""

from __future__ import annotations

from datetime import date

import pytest

from tallystick import Ledger
from tallystick.core.document import Document
from tallystick.core.question import Table
from tallystick.query.month_state import CLOSED, OPEN, READY, RUNNING, SHUT, MonthState

TODAY = date(2026, 12, 1)
SETTLES = date(2026, 12, 6)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            MonthState("2026-10", OPEN, 0, 0, 5, 31, SETTLES),
            "October is open: 5 days may still change; it can be closed from 6 Dec.",
        ),
        (
            MonthState("2026-10", OPEN, 2, 1, 0, 29, SETTLES),
            "October is open: 2 days are not in the ledger, 1 day is not billed yet; it can be closed from 6 Dec.",
        ),
        (
            MonthState("2026-09", OPEN, 0, 0, 1, 30, date(2026, 11, 5)),
            "September is open: 1 day may still change; it can be closed after another sync.",
        ),
        (
            MonthState("2026-09", OPEN, 0, 0, 0, 30, date(2026, 11, 5), first="2026-08"),
            "September is open: August is closed before it; then it can be closed.",
        ),
        (
            MonthState("2026-12", RUNNING, 0, 0, 0, 0, date(2027, 2, 5)),
            "December has not ended: it can be closed from 5 Feb 2027.",
        ),
        (
            MonthState("2026-09", READY, 0, 0, 0, 30, date(2026, 11, 5)),
            "September can be closed: none of its days may change any more.",
        ),
        (
            MonthState("2025-09", SHUT, 0, 0, 0, 30, date(2025, 11, 5)),
            "September 2025 was left open: a later month is closed, so it never can be.",
        ),
        (
            MonthState("2026-10", CLOSED, 0, 0, 0, 31, SETTLES, closed_on=date(2026, 11, 30)),
            "October was closed on 30 Nov.",
        ),
    ],
)
def test_each_state_is_a_sentence(state: MonthState, sentence: str) -> None:
    """A sentence says whether the month is final, why not, and from when it can be closed."""
    assert state.sentence(TODAY) == sentence


def test_all_that_is_of_a_month_says_the_same(book: Ledger) -> None:
    """The months, the summary, the statements and one team's statement say how final an open month is."""
    months, summary, statements = book.ask("months"), book.summary("2026-10"), book.ask("chargeback", month="2026-10")
    assert isinstance(months, Table)
    assert isinstance(statements, Document)
    sentence = summary.headline
    assert sentence.startswith("October is open: ")
    assert sentence.endswith("it can be closed from 6 Dec.")
    assert sentence in months.headline
    assert statements.headline == f"Draft. {sentence}"
    [row] = [row for row in months.rows if row["month"] == "2026-10"]
    assert f": {row['provisional']} days may still change" in sentence
