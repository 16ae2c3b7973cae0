from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from support.full_ledger import copy, full, path, truth
from support.records import content, records
from support.wire import Clock, Wire, days_ago, small, synced
from tallystick import Ledger
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, VERSIONS
from tallystick.errors import LedgerError
from tallystick.sim import World
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.sync import summing
from tallystick.tally.day_sums import day_sums
from tallystick.tally.prices_in_force import Prices

__all__ = ["copy", "full", "path", "truth"]
Row = dict[str, Any]


def sums(path: Path) -> list[Row]:
    """The sums that the ledger has, in an order."""
    return sorted(records(path, DAY_SUMS), key=repr)


def without_sums(path: Path, days: Callable[[Row], bool] = lambda _: False) -> None:
    """Make the ledger one whose newest version was written by a release that knew no sums, but for some days."""
    tables = Tables(path)
    kept = [row for row in records(path, DAY_SUMS) if days(row)]
    write_deltalake(tables.open(DAY_SUMS), pa.Table.from_pylist(kept, schema(DAY_SUMS)), mode="overwrite")
    pin = tables.open(DAY_SUMS).version() if kept else 0
    versions = tables.open(VERSIONS)
    history = versions.to_pyarrow_table()
    rows = history.to_pylist()
    newest = max(rows, key=lambda row: row["version"])
    totals = json.loads(newest["totals"])
    totals["contents"].pop(DAY_SUMS.name)
    newest |= {
        "tables": json.dumps(json.loads(newest["tables"]) | {DAY_SUMS.name: pin}),
        "totals": json.dumps(totals),
    }
    write_deltalake(versions, history.from_pylist(rows, history.schema), mode="overwrite")
    assert not tables.newest().has_sums


def test_a_sync_sums_what_it_charges(full: Path) -> None:
    """After a sync the sums are those of every charge, and the version says so."""
    tables = Tables(full)
    charges = tables.rows(CHARGES, tables.newest().tables[CHARGES.name])
    assert sums(full) == sorted(day_sums(charges).to_pylist(), key=repr)
    assert tables.newest().has_sums
    assert len(sums(full)) < charges.num_rows


@pytest.mark.long
@pytest.mark.parametrize("days", [lambda _: False, lambda row: row["day"].day % 2], ids=["none", "some"])
def test_a_ledger_without_sums_gets_them_with_the_next_sync(
    copy: Path, truth: World, days: Callable[[Row], bool]
) -> None:
    """The next sync sums every day that has no sums, long settled ones too, without a request for them."""
    before = sums(copy)
    without_sums(copy, days)
    wire = Wire(truth)
    synced(copy, wire, days_ago(1))
    assert sums(copy) == before
    assert Tables(copy).newest().has_sums
    assert not Ledger(copy, Clock()).verify().cells
    version = Tables(copy).newest().number
    synced(copy, Wire(truth), days_ago(1))
    assert Tables(copy).newest().number == version


@pytest.mark.long
def test_a_tally_makes_missing_sums(copy: Path) -> None:
    """`tally` sums what has no sums, by the same price lists too, and changes nothing else."""
    before, charges = sums(copy), records(copy, CHARGES)
    without_sums(copy)
    assert Ledger(copy, Clock()).tally() == 0
    assert sums(copy) == before
    assert records(copy, CHARGES) == charges
    assert Tables(copy).newest().has_sums


@pytest.mark.long
def test_other_prices_are_in_the_sums(copy: Path) -> None:
    """Charges by other price lists have other sums, which are theirs."""
    before = sums(copy)
    dearer = Prices.with_own('[[price]]\nfor = "claude-opus-5-5"\nfrom = 2026-01-01\nusd = {output = "99"}\n')
    Ledger(copy, Clock(), dearer).tally()
    assert sums(copy) != before
    assert sums(copy) == sorted(day_sums(Tables(copy).rows(CHARGES)).to_pylist(), key=repr)


@pytest.mark.long
def test_sums_that_leak_stop_the_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums that are not those of the charges are not committed, nor are the charges; the day is named."""
    world, real = small(), summing.day_sums
    synced(path, Wire(world), days_ago(3))
    version, before = Tables(path).newest().number, content(path)

    def leaky(charges: pa.Table) -> pa.Table:
        rows = real(charges).to_pylist()
        rows[0]["rows"] += 1
        return pa.Table.from_pylist(rows, schema(DAY_SUMS))

    world.restate(days_ago(2))
    monkeypatch.setattr(summing, "day_sums", leaky)  # sums that leak can only be planted
    with pytest.raises(LedgerError, match=f"{days_ago(2)} does not add up: charges of "):
        synced(path, Wire(world), days_ago(3))
    assert Tables(path).newest().number == version
    assert content(path) == before


@pytest.mark.long
def test_touched_sums_are_found(copy: Path) -> None:
    """Sums of which an amount went to another group, which no total tells, are a row of `verify`."""
    tables = Tables(copy)
    rows = sums(copy)
    day = rows[-1]["day"]
    of_day = [row for row in rows if row["day"] == day]
    of_day[0]["kind"] = "another"
    with tables.writing() as writer:
        writer.replace(DAY_SUMS, of_day[0]["organization"], [day], pa.Table.from_pylist(of_day, schema(DAY_SUMS)))
        writer.commit(of_day[0]["organization"], "touched", Clock().now(), {})
    assert tables.newest().has_sums
    [row] = [row for row in Ledger(copy, Clock()).verify().rows if "day sums" in str(row["check"])]
    assert row["day"] == str(day)
