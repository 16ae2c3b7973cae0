from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from support.full_ledger import copy, full, path, truth
from support.records import content, records
from support.wire import Clock, Wire, days_ago, small, synced
from support.written_ledger import charge
from tallystick import Ledger
from tallystick.core.ledger_tables import CHARGES, MONTH_SUMS, VERSIONS
from tallystick.errors import LedgerError
from tallystick.sim import World
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.sync import summing
from tallystick.sync.summing import Summing
from tallystick.tally.month_sums import month_sums

__all__ = ["copy", "full", "path", "truth"]
Row = dict[str, Any]


def sums(path: Path) -> list[Row]:
    """The sums that the ledger has, in an order."""
    return sorted(records(path, MONTH_SUMS), key=repr)


def made(path: Path) -> list[Row]:
    """The sums of all charges of the ledger, in an order."""
    of_charges = month_sums(Tables(path).rows(CHARGES))
    assert of_charges is not None
    return sorted(of_charges.to_pylist(), key=repr)


def without_sums(path: Path) -> None:
    """Make the ledger one whose newest version was written by a release that knew no sums of months."""
    versions = Tables(path).open(VERSIONS)
    history = versions.to_pyarrow_table()
    rows = history.to_pylist()
    newest = max(rows, key=lambda row: row["version"])
    tables, totals = json.loads(newest["tables"]), json.loads(newest["totals"])
    tables.pop(MONTH_SUMS.name)
    totals["contents"].pop(MONTH_SUMS.name)
    newest |= {"tables": json.dumps(tables), "totals": json.dumps(totals)}
    write_deltalake(versions, history.from_pylist(rows, history.schema), mode="overwrite")
    assert not Tables(path).newest().has_months


def test_a_sync_sums_what_it_charges(full: Path) -> None:
    """After syncs that restated days the sums are those of every charge, and the version says so."""
    tables = Tables(full)
    charges = tables.rows(CHARGES, tables.newest().tables[CHARGES.name])
    assert sums(full) == sorted(month_sums(charges).to_pylist(), key=repr)  # type: ignore[union-attr]
    assert tables.newest().has_months
    assert len(sums(full)) < charges.num_rows / 3


@pytest.mark.long
def test_a_restated_day_is_restated_in_its_month(path: Path) -> None:
    """Where a day changes its old charges leave the sums of its month and its new ones come; the other days stay."""
    world = small()
    synced(path, Wire(world), days_ago(40))
    before = sums(path)
    for day in (days_ago(2), days_ago(25)):
        world.restate(day)
        synced(path, Wire(world), days_ago(40))
        assert sums(path) == made(path) != before
    assert Tables(path).newest().has_months


@pytest.mark.long
def test_a_ledger_without_sums_gets_them_with_the_next_sync(copy: Path, truth: World) -> None:
    """The next sync sums every month, settled ones too, without a request for them; the one after changes nothing."""
    before, answer = sums(copy), Ledger(copy, Clock()).variance("2026-10", by=["key"]).written()
    without_sums(copy)
    assert Ledger(copy, Clock()).variance("2026-10", by=["key"]).written()["rows"] == answer["rows"]
    synced(copy, Wire(truth), days_ago(1))
    assert sums(copy) == before
    assert Tables(copy).newest().has_months
    assert not Ledger(copy, Clock()).verify().cells
    version = Tables(copy).newest().number
    synced(copy, Wire(truth), days_ago(1))
    assert Tables(copy).newest().number == version


@pytest.mark.long
def test_sums_that_leak_stop_the_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of a month that are not those of its days are not committed, nor are the charges; the month is named."""
    world = small()
    synced(path, Wire(world), days_ago(3))
    version, before = Tables(path).newest().number, content(path)

    def leaky(*parts: Any) -> pa.Table:
        rows = month_sums(*parts).to_pylist()  # type: ignore[union-attr]
        rows[0]["rows"] += 1
        return pa.Table.from_pylist(rows, schema(MONTH_SUMS))

    world.restate(days_ago(2))
    monkeypatch.setattr(summing, "month_sums", leaky)  # sums that leak can only be planted
    with pytest.raises(LedgerError, match=f"The tally of {days_ago(2):%Y-%m} does not add up: charges of "):
        synced(path, Wire(world), days_ago(3))
    assert Tables(path).newest().number == version
    assert content(path) == before


@pytest.mark.long
@pytest.mark.parametrize("column", ["key", "day", "days"])
def test_touched_sums_are_found(copy: Path, column: str) -> None:
    """Sums of which an amount went to another key, or that are of other days, are a row of `verify`."""
    rows = [row for row in sums(copy) if row["month"] == "2026-10"]
    rows[0][column] = {"key": "another", "day": date(2026, 10, 2), "days": rows[0]["days"] ^ 6}[column]
    october = [date(2026, 10, day) for day in range(1, 32)]
    organization = rows[0]["organization"]
    with Tables(copy).writing() as writer:
        writer.replace(MONTH_SUMS, organization, october, pa.Table.from_pylist(rows, schema(MONTH_SUMS)))
        writer.commit(organization, "touched", Clock().now(), {})
    [row] = [row for row in Ledger(copy, Clock()).verify().rows if "month sums" in str(row["check"])]
    assert row["day"] == "2026-10"


def test_sums_beyond_their_columns_are_left_out(path: Path) -> None:
    """A month whose sums are too large has none, which the version says; once they fit, the next writer makes them."""
    days = [date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)]
    large = [charge(day, quantity=2**62, billed=Decimal(1)) for day in days]
    with Tables(path).writing() as writer:
        for index, day in enumerate(days, 1):
            Summing(writer, "o").replace([day], (), pa.Table.from_pylist([large[index - 1]], schema(CHARGES)))
            assert not Summing(writer, "o").complete(dict.fromkeys(days[:index], 1))
            writer.commit("o", "large", Clock().now(), {})
            assert writer.version.has_months == (index == 1)
        Summing(writer, "o").replace(days, days, pa.Table.from_pylist([charge(day) for day in days], schema(CHARGES)))
        assert Summing(writer, "o").complete(dict.fromkeys(days, 1))
        writer.commit("o", "small", Clock().now(), {})
        assert writer.version.has_months
    assert sums(path) == made(path)
