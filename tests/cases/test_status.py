from __future__ import annotations

import pytest

from support.case import Case


@pytest.mark.long
def test_a_late_bill_is_named_first(case: Case) -> None:
    """A sync says which days have use and no bill, and the screen names them and compares only billed days."""
    with case.serve("01-empty-bill-bucket/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "reports", "--since", "2026-10-20")
    assert "Not billed yet: 26 and 27 Nov." in synced.err
    screen = case("status", COLUMNS="100").out
    assert "Not billed yet: 26 and 27 Nov (2.2 M tokens, 9.00 USD as priced)." in screen
    assert "112.50" in screen
    assert "25 billed days" in screen  # the first of October is not in the ledger: nothing to compare with


@pytest.mark.long
def test_a_screen_of_nothing(case: Case) -> None:
    """The screen of a ledger without use shows zeros and unknowns, and no error."""
    with case.serve("status-nothing/scenario.py"):
        assert case("sync", "--without-claude-code", "--since", "2026-10-01").code == 0
    screen = case("status", COLUMNS="100")
    assert (screen.code, screen.err) == (0, "")
    assert "0.00" in screen.out
