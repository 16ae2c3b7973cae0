from __future__ import annotations

import json
import shutil
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from deltalake import write_deltalake

from support.charge_rows import OPUS, PICO, billed
from support.full_ledger import HOURS_SINCE, SINCE, copy, full, path, truth
from support.records import records, rows
from support.simulated_truth import COUNTED
from support.wire import DAY, KEY, NOW, TODAY, Clock, Wire, days_ago, small, span, transport
from tallystick import Ledger, Table
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, DAYS, MONTH_SUMS, NAMES, TALLIES, VERSIONS
from tallystick.core.report_tables import COST, USAGE_DAY, USAGE_HOUR
from tallystick.core.table import LedgerTable
from tallystick.errors import LedgerError, Refused, TallystickError
from tallystick.sim import World
from tallystick.store.tables import Tables
from tallystick.sync import charging, commit
from tallystick.sync.outcome import Outcome
from tallystick.tally.prices_in_force import Prices

__all__ = ["copy", "full", "path", "truth"]
Row = dict[str, Any]

DEARER = Prices.with_own(f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-01-01\nusd = {{ uncached_input = "4.5" }}\n')


def sync(path: Path, world: World, since: date, prices: Prices | None = None, **options: Any) -> Outcome:
    """One sync by these price lists."""
    wire = Wire(world)
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire)) as client:
        return Ledger(path, wire.clock, prices).sync(str(since), client=client, **{"source": "reports", **options})


def ledger_at(path: Path) -> Ledger:
    """The ledger, to be asked at the pinned present."""
    return Ledger(path, Clock())


def delta(path: Path, table: LedgerTable = CHARGES) -> int:
    """The Delta version of a table."""
    return int(Tables(path).open(table).version())


def total(table: Table) -> Decimal:
    """The billed total, which must be known."""
    amount = table.totals["billed"]
    assert isinstance(amount, Decimal)
    return amount


@pytest.mark.long
def test_every_day_is_conserved(full: Path, truth: World) -> None:
    """In a synced ledger charges sum to the bill and to the use of each day, as the control totals state them."""
    charged = records(full, CHARGES)
    for day in span(SINCE, TODAY):
        day_charges = [row for row in charged if row["day"] == day]
        assert billed(day_charges) == truth.billed(day)
        used = [row for row in records(full, USAGE_DAY) if row["day"] == day]
        for counter in COUNTED:
            kind = "web_search" if counter == "web_searches" else counter
            quantity = sum(row["quantity"] or 0 for row in day_charges if row["kind"] == kind)
            assert quantity == sum(row[counter] for row in used), (day, counter)


def test_a_charge_has_what_each_table_promises(full: Path) -> None:
    """Only amounts and quantities can be null; a method is one of three, a cause stands where a half is missing."""
    for row in records(full, CHARGES):
        assert all(row[name] for name in ("organization", "workspace", "key", "model", "kind", "tier", "unit", "month"))
        assert (row["method"] == "none") == (row["billed"] is None)
        assert row["method"] in {"reported", "allocated", "none"}
        both = row["billed"] is not None and row["quantity"] is not None
        assert both == (row["cause"] == "none"), row
        assert row["relaxed"] == "none"
        assert row["priced"] is None or row["priced"] <= row["priced_high"]


def test_the_running_day_is_not_billed_yet(full: Path) -> None:
    """The use of the day that is running is a charge without a bill, and says that it was not billed yet."""
    causes = {row["cause"] for row in records(full, CHARGES) if row["day"] == TODAY and row["tier"] != "priority"}
    assert causes == {"not billed yet"}


@pytest.mark.long
def test_a_day_is_tallied_again_when_its_bill_comes(path: Path) -> None:
    """What was not billed yet is billed once the cost report has the day."""
    world = small()
    wire = Wire(world, Clock(NOW - DAY))
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire)) as client:
        Ledger(path, wire.clock).sync(str(days_ago(3)), source="reports", client=client)
    yesterday = days_ago(1)
    assert billed(row for row in records(path, CHARGES) if row["day"] == yesterday) == 0
    sync(path, world, days_ago(3))
    charges = [row for row in records(path, CHARGES) if row["day"] == yesterday]
    assert billed(charges) == world.billed(yesterday)
    assert "not billed yet" not in {row["cause"] for row in charges}


@pytest.mark.long
def test_a_restated_day_is_tallied_again(path: Path) -> None:
    """Late requests of a past day are in its charges after the next sync, and other days keep their rows."""
    world = small()
    sync(path, world, days_ago(6))
    before = [row for row in records(path, CHARGES) if row["day"] != days_ago(2)]
    world.restate(days_ago(2))
    sync(path, world, days_ago(6))
    after = records(path, CHARGES)
    assert billed(row for row in after if row["day"] == days_ago(2)) == world.billed(days_ago(2))
    assert sorted(before, key=repr) == sorted((row for row in after if row["day"] != days_ago(2)), key=repr)


@pytest.mark.long
def test_a_second_sync_writes_nothing(copy: Path, truth: World) -> None:
    """A sync that finds nothing new writes no version and no charge, by day and by hour."""
    versions, charges = delta(copy, VERSIONS), delta(copy)
    assert sync(copy, truth, SINCE).days == 0
    assert sync(copy, truth, HOURS_SINCE, grain="hour").days == 0
    assert (delta(copy, VERSIONS), delta(copy)) == (versions, charges)


@pytest.mark.long
def test_other_prices_are_tallied_once(copy: Path, truth: World) -> None:
    """Changed price lists make one version: prices change, list prices and the bill do not; the next makes none."""
    before, version = records(copy, CHARGES), Tables(copy).newest().number
    sync(copy, truth, SINCE, DEARER)
    assert Tables(copy).newest().number == version + 1
    after = records(copy, CHARGES)
    assert len(after) == len(before)
    assert billed(after) == billed(before)
    opus_charges = [
        row for row in after if (row["model"], row["kind"], row["speed"]) == (OPUS, "uncached_input", "standard")
    ]
    assert any(row["priced"] and row["priced"] != row["list"] for row in opus_charges)
    assert all(row["priced"] == row["list"] for row in after if row["model"] != OPUS)
    sync(copy, truth, SINCE, DEARER)
    assert Tables(copy).newest().number == version + 1
    sync(copy, truth, SINCE)
    assert sorted(records(copy, CHARGES), key=repr) == sorted(before, key=repr)


@pytest.mark.long
def test_tally_prices_anew_and_asks_the_api_nothing(copy: Path) -> None:
    """`tally` matches by the price lists in force, once, for every day; the bill stays what it was."""
    before, version = records(copy, CHARGES), Tables(copy).newest().number
    book = Ledger(copy, Clock(), DEARER)
    assert book.tally() == len(span(SINCE, TODAY)) + 1
    assert Tables(copy).newest().number == version + 1
    after = records(copy, CHARGES)
    assert (billed(after), len(after)) == (billed(before), len(before))
    assert after != before
    assert book.tally() == 0
    assert not book.verify().cells


@pytest.mark.long
def test_what_other_lists_tallied_is_said_and_never_reconciled(copy: Path) -> None:
    """Until the tally is done anew, `verify` has a row, `reconcile` refuses, and answers with prices say so first."""
    book = Ledger(copy, Clock(), DEARER)
    [row] = book.verify().rows
    assert (row["check"], row["found"]) == ("days tallied by other price lists", len(span(SINCE, TODAY)) + 1)
    for rates in (False, True):
        with pytest.raises(LedgerError, match="tallied by other price lists") as wrong:
            book.reconcile(rates=rates)
        assert "`tallystick tally`" in wrong.value.hint
    for table in (book.spend("key"), book.cache(), book.whatif()):
        assert "`tallystick tally`" in table.warnings[0]
    assert "tallystick tally" not in " ".join(Ledger(copy, Clock()).spend("key").warnings)


@pytest.mark.long
def test_a_sync_tallies_before_it_asks_the_api(copy: Path) -> None:
    """A sync that the API refuses has tallied by the price lists in force before it asked."""
    book = Ledger(copy, Clock(), DEARER)
    refused = httpx2.MockTransport(lambda _: httpx2.Response(401, content=b"{}"))
    with Client(Credential("no-key"), clock=Clock(), transport=refused) as client, pytest.raises(Refused):
        book.sync(client=client)
    assert not book.verify().cells


@pytest.mark.long
def test_other_prices_are_tallied_though_a_name_changed_too(copy: Path, truth: World) -> None:
    """A sync that finds a new name and other price lists tallies by them: no commit may say so before it is done."""
    _forget_a_name(copy)
    sync(copy, truth, SINCE, DEARER)
    rows_of_opus = [row for row in records(copy, CHARGES) if row["model"] == OPUS and row["kind"] == "uncached_input"]
    assert any(row["priced"] and row["priced"] != row["list"] for row in rows_of_opus)


def _forget_a_name(path: Path) -> None:
    """Leave one name out of the ledger, as if it were new to the next sync."""
    tables = Tables(path)
    names = tables.open(NAMES)
    name_id = names.to_pyarrow_table().to_pylist()[-1]["id"]
    names.delete(f"id = '{name_id}'")

    def change(row: Row) -> Row:
        pins, totals = json.loads(row["tables"]), json.loads(row["totals"])
        totals["contents"].pop(NAMES.name)
        return row | {"tables": json.dumps(pins | {NAMES.name: names.version()}), "totals": json.dumps(totals)}

    _amend(path, change)


def _amend(path: Path, change: Any) -> None:
    """Another newest row of `versions`."""
    versions = Tables(path).open(VERSIONS)
    history = versions.to_pyarrow_table()
    newest = max(history.to_pylist(), key=lambda row: row["version"])
    changed = [change(row) if row == newest else row for row in history.to_pylist()]
    write_deltalake(versions, history.from_pylist(changed, history.schema), mode="overwrite")


def before_charges(path: Path, *, folder: bool) -> None:
    """Make the ledger one that was written before charges existed, with or without an empty table of them."""

    def change(row: Row) -> Row:
        pins, totals = json.loads(row["tables"]), json.loads(row["totals"])
        for table in (CHARGES, DAY_SUMS, MONTH_SUMS, TALLIES):
            pins.pop(table.name)
        totals.pop("contents")
        totals = {name: value for name, value in totals.items() if not name.startswith(commit.TALLIED_BY)}
        return row | {"tables": json.dumps(pins), "totals": json.dumps(totals)}

    _amend(path, change)
    if not folder:
        shutil.rmtree(path / CHARGES.name)


@pytest.mark.parametrize("folder", [True, False])
def test_a_ledger_from_before_charges_is_not_shown_as_zero(copy: Path, *, folder: bool) -> None:
    """Where the newest version pins no charges, spend is an error that says to sync, never an answer of zero."""
    before_charges(copy, folder=folder)
    for by in ("key", "workspace", "model"):
        with pytest.raises(LedgerError) as wrong:
            ledger_at(copy).spend(by)
        assert "tallystick sync" in wrong.value.hint


@pytest.mark.parametrize("folder", [True, False])
def test_a_ledger_from_before_charges_still_answers_the_rest(copy: Path, *, folder: bool) -> None:
    """Plain SQL over the records needs no charges, so it is answered."""
    before_charges(copy, folder=folder)
    assert ledger_at(copy).sql("SELECT sum(billed) AS billed FROM cost").rows


@pytest.mark.long
@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("folder", [True, False])
def test_a_ledger_from_before_charges_gets_them_with_the_next_sync(
    copy: Path, truth: World, *, folder: bool, renamed: bool
) -> None:
    """The next sync tallies every day that is there, names changed or not, days long settled too."""
    before = sorted(records(copy, CHARGES), key=repr)
    if renamed:
        _forget_a_name(copy)
    before_charges(copy, folder=folder)
    sync(copy, truth, days_ago(1))
    assert sorted(records(copy, CHARGES), key=repr) == before


@pytest.mark.long
def test_hours_alone_are_tallied_too(path: Path) -> None:
    """A ledger that has usage by the hour only has the same charges as one by the day, the running day apart."""
    world, since = small(), days_ago(5)
    sync(path / "hours", world, since, grain="hour")
    sync(path / "days", world, since)
    hours, days = (
        sorted((row for row in records(path / grain, CHARGES) if row["day"] < TODAY), key=repr)
        for grain in ("hours", "days")
    )
    assert hours == days
    assert records(path / "hours", USAGE_DAY) == []
    assert billed(hours) == sum((world.billed(day) for day in span(since, TODAY)), Decimal(0))


def test_hours_beside_days_are_not_tallied_twice(full: Path) -> None:
    """Days that the ledger has by day and by hour are charged once."""
    assert records(full, USAGE_HOUR)
    cost = billed(row for row in records(full, COST) if row["day"] >= HOURS_SINCE)
    assert billed(row for row in records(full, CHARGES) if row["day"] >= HOURS_SINCE) == cost


@pytest.mark.long
def test_whatever_spend_is_by_it_is_the_bill(full: Path, truth: World) -> None:
    """Spend by key, by person, by the bill's own words and by nothing have one total: what was billed."""
    book = ledger_at(full)
    expected = sum((truth.billed(day) for day in span(SINCE, TODAY)), Decimal(0))
    groups: list[tuple[str, ...]] = [(), ("key",), ("actor",), ("description",), ("method",), ("key", "kind", "day")]
    for by in groups:
        table = book.spend(by, str(SINCE), "yesterday")
        assert total(table) == expected, by
        assert sum(int(Decimal(str(row["billed"])).scaleb(12)) for row in table.rows) == int(expected.scaleb(12)), by


def test_each_workspace_has_the_same_bill_from_either_half(full: Path) -> None:
    """By day, workspace, model and kind the charges are the cost records, to the picodollar."""
    sums: dict[str, dict[tuple[Any, ...], Decimal]] = {}
    for table in (CHARGES, COST):
        table_sums = sums.setdefault(table.name, defaultdict(Decimal))
        for row in records(full, table):
            if row["billed"]:
                table_sums[
                    row["day"], row["workspace"], row["model"] if row["kind"] != "web_search" else "", row["kind"]
                ] += row["billed"]
    assert sums["charges"] == sums["cost"]


@pytest.mark.long
def test_a_key_can_be_asked_for(full: Path, truth: World) -> None:
    """`where` holds spend to one key, which then has what the rows by key say, and a note where it was split."""
    book = ledger_at(full)
    by_key = book.spend("key", str(SINCE), "yesterday")
    for row in by_key.rows[:4]:
        table = book.spend((), str(SINCE), "yesterday", {"key": str(row["key"])})
        assert total(table) == row["billed"]
    assert any("split over them" in note for note in by_key.notes)
    assert {key.id for key in truth.organization.keys} & {str(row["key"]) for row in by_key.rows}


@pytest.mark.long
def test_a_leak_stops_the_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charges that lose a picodollar are not committed, nor are the records read with them; the day is named."""
    world, real = small(), charging.charges
    sync(path, world, days_ago(3))
    version, before = Tables(path).newest().number, records(path, CHARGES)

    def leaky(*arguments: Any) -> Any:
        table = real(*arguments)
        charge_rows = table.to_pylist()
        next(row for row in charge_rows if row["day"] == days_ago(2) and row["billed"])["billed"] += PICO
        return table.from_pylist(charge_rows, table.schema)

    world.restate(days_ago(2))
    monkeypatch.setattr(charging, "charges", leaky)  # a tally that loses money can only be planted
    with pytest.raises(TallystickError, match=str(days_ago(2))):
        sync(path, world, days_ago(3))
    assert Tables(path).newest().number == version
    assert records(path, CHARGES) == before
    monkeypatch.undo()
    sync(path, world, days_ago(3))
    assert billed(row for row in records(path, CHARGES) if row["day"] == days_ago(2)) == world.billed(days_ago(2))


@pytest.mark.long
def test_two_organizations_are_tallied_apart(path: Path) -> None:
    """Each organization of a ledger has its own charges, and a sync of one leaves those of the other as they are."""
    first, second = small(), small(seed=2)
    sync(path, first, days_ago(3))
    before = sorted(records(path, CHARGES), key=repr)
    sync(path, second, days_ago(3))
    first_rows = [row for row in records(path, CHARGES) if row["organization"] == first.organization.id]
    assert sorted(first_rows, key=repr) == before
    second_rows = [row for row in records(path, CHARGES) if row["organization"] == second.organization.id]
    assert billed(second_rows) == sum((second.billed(day) for day in span(days_ago(3), TODAY)), Decimal(0))
    version = Tables(path).newest().number
    sync(path, first, days_ago(3))
    sync(path, second, days_ago(3))
    assert Tables(path).newest().number == version


def test_the_views_show_charges(full: Path) -> None:
    """SQL sees the charges, with who asked and names beside ids."""
    key_rows = rows(
        full, "SELECT key_name, actor, sum(billed) AS billed FROM charges GROUP BY ALL HAVING sum(billed) > 0"
    )
    assert billed(key_rows) == billed(records(full, CHARGES))
    assert all(row["key_name"] for row in key_rows)
    assert len(records(full, DAYS)) > 0
