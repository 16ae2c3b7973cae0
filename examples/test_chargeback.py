"""A test of one's own script against a simulated organization: no key, no network. Run it with pytest."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from chargeback import chargeback
from tallystick import AdminAPI, Ledger
from tallystick.sim import KEY, transport


class Noon:
    """A clock that stands still, so that figures never change."""

    def now(self) -> datetime:
        """22 November 2026, 12:00 UTC."""
        return datetime(2026, 11, 22, 12, tzinfo=UTC)

    def elapsed(self) -> float:
        """No time passes."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Waits are over at once."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger of the simulated organization's October."""
    book = Ledger.open(tmp_path_factory.mktemp("simulated") / "ledger", clock=Noon())
    with AdminAPI(KEY, transport=transport(clock=Noon().now), clock=Noon()) as api:
        book.sync(month="2026-10", client=api.client)
    return book


def test_the_rows_add_up_to_the_bill(ledger: Ledger, tmp_path: Path) -> None:
    """The amounts of all teams are the bill of the month, exactly."""
    chargeback(ledger, "2026-10", tmp_path / "october.csv")
    with (tmp_path / "october.csv").open(encoding="utf-8", newline="") as file:
        *teams, total = csv.DictReader(file)
    assert sum(Decimal(row["billed"]) for row in teams) == Decimal(total["billed"])
    assert Decimal(total["billed"]) == ledger.spend(by="", month="2026-10").totals["billed"]


def test_an_incomplete_month_is_not_charged(ledger: Ledger, tmp_path: Path) -> None:
    """A month with days that the ledger does not have stops the script, and nothing is written."""
    with pytest.raises(SystemExit, match="not complete"):
        chargeback(ledger, "2026-09", tmp_path / "september.csv")
    assert not (tmp_path / "september.csv").exists()
