"""Keys of a directory that leaves something out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.written_ledger import charge, sighting, written_ledger
from tallystick import Ledger
from tallystick.core.question import Question
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.reports.keys import keys
from tallystick.tally.owners import Owners

DAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 4, tzinfo=UTC)
WINDOW = Window(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))


def listed(folder: Path, *names: dict[str, Any]) -> dict[str, Any]:
    """The row of key k where the directory tells these names."""
    engine = written_ledger(folder, [charge(DAY, billed=Decimal(5))], names)
    [row] = keys(engine, Question("keys", WINDOW, ()), Owners(), NOW).rows
    return row


def test_what_the_directory_leaves_out_is_unknown(tmp_path: Path) -> None:
    """A key without a status has an unknown one and no end; without a name, its id and its workspace's stand for it."""
    row = listed(
        tmp_path, sighting("key", "k", DAY), sighting("workspace", "w", DAY), sighting("organization", "o", DAY)
    )
    assert (row["key_name"], row["workspace_name"], row["status"], row["ended"]) == ("k", "w", "unknown", None)


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        (["active", "inactive", "inactive"], "2026-10-31"),
        (["inactive", "active", "inactive"], "2026-11-01"),
        (["inactive", None, "archived"], "2026-11-01"),
        (["inactive", "inactive", None], None),
    ],
)
def test_a_key_ended_when_it_was_first_seen_so(tmp_path: Path, statuses: list[str | None], ended: str | None) -> None:
    """A key ended on the day on which its status was first seen, if it has been seen so ever since."""
    sightings = [
        sighting("key", "k", date(2026, 10, 30 + index) if index < 2 else DAY, status=status)
        for index, status in enumerate(statuses)
    ]
    row = listed(tmp_path, *sightings)
    assert (row["status"], row["ended"]) == (statuses[-1] or "unknown", ended)


def test_last_use_is_of_all_days_billed_or_not(tmp_path: Path) -> None:
    """A key's last use is its newest charge with a quantity: before the window or in it, billed or not yet."""
    charges = [
        charge(date(2026, 9, 5), key="before", billed=Decimal(1)),
        charge(date(2026, 10, 30), key="within", billed=Decimal(1)),
        charge(date(2026, 11, 2), key="within", billed=Decimal(1), quantity=None),
        charge(date(2026, 10, 30), key="late", billed=Decimal(1)),
        charge(date(2026, 11, 1), key="late", billed=None, cause="not billed yet", method="none"),
        charge(date(2026, 11, 3), key="before", billed=Decimal(1)),
    ]
    engine = written_ledger(tmp_path, charges, [])
    rows = keys(engine, Question("keys", WINDOW, ()), Owners(), NOW).rows
    assert {row["key"]: row["last_used"] for row in rows} == {
        "before": "2026-09-05", "within": "2026-10-30", "late": "2026-11-01",
    }  # fmt: skip


def test_a_reason_that_no_key_can_have_is_refused(book: Ledger) -> None:
    """A misspelt reason is no list without keys; each reason that there is, and a pattern, is taken."""
    for reason in ("no owner", "deleted", "id*"):
        book.keys(where={"attention": reason})
    with pytest.raises(InvalidQuestion, match="'dleted'") as refusal:
        book.keys(where={"attention": "dleted"})
    assert "Did you mean deleted" in refusal.value.hint


def test_the_first_sentence_counts_the_keys_that_nobody_uses(book: Ledger) -> None:
    """Active keys without use are counted and named; where each is used, it says so, also of idle ones alone."""
    for since, words in (("30d", "No key is idle: "), ("2026-11-21", " idle (21 Nov): ")):
        table = book.keys(since=since, until="2026-11-21")
        active = [row for row in table.rows if row["status"] == "active"]
        idle = [str(row["key_name"]) for row in active if "idle" in str(row["attention"])]
        assert words in table.headline
        assert f"{len(idle) or len(active)} of {len(active)} active keys" in table.headline
        assert all(name in table.headline for name in idle[:3])
        assert book.keys(since=since, until="2026-11-21", where={"attention": "idle"}).headline == table.headline
