"""The tally of an independent server, written by others from the contract alone: prices, refusals and all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from support.charge_rows import HAIKU, billed, selection
from support.records import records
from support.wire import Clock, span
from tallystick import Ledger
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.ledger_tables import CHARGES
from witness.contract_server import COUNTERS, Cell, ContractServer, cents

Row = dict[str, Any]
LineKey = tuple[Any, ...]
NAMES = dict(
    zip(
        COUNTERS,
        ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_search"),
        strict=True,
    )
)


@dataclass
class Seen:
    """A witness, its ledger after a sync of 30 ended days and the running one, and the charges of the ended ones."""

    server: ContractServer
    book: Ledger
    since: date
    today: date
    charges: list[Row]


# The second month has premiums for long context (models 4.5 and 4.6, until the middle of March and the end of April).
@pytest.fixture(scope="module", params=[date(2026, 11, 22), date(2026, 3, 25)], ids=str)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Synced over HTTP, with refusals on the way."""
    today: date = request.param
    since, path = today - timedelta(days=30), tmp_path_factory.mktemp("witness") / "ledger"
    clock = Clock(datetime.combine(today, time(15, 30), UTC))
    with ContractServer(today, days=40, refuse_every=9) as server:
        book = Ledger(path, clock)
        with Client(Credential(server.key), clock=clock, base_url=server.url) as client:
            book.sync(str(since), source="reports", client=client)
    return Seen(server, book, since, today, [row for row in records(path, CHARGES) if row["day"] < today])


def _cells(seen: Seen) -> list[Cell]:
    hours = sorted(hour for hour in seen.server._hours if seen.since <= hour.date() < seen.today)
    return [cell for hour in hours for cell in seen.server._hours[hour]]


def _line_key(cell: Cell, kind: str) -> LineKey:
    """The line of the bill to which a kind of token of a cell belongs, as far as usage knows."""
    dims = cell.dims
    workspace = dims["workspace_id"] or "default"
    named = (dims[name] for name in ("model", "service_tier", "context_window", "inference_geo"))
    return (cell.hour.date(), workspace, kind, *named)


def _sums(charges: list[Row], measure: str) -> dict[LineKey, Decimal]:
    sums: dict[LineKey, Decimal] = defaultdict(Decimal)
    for row in charges:
        line_key = tuple(row[name] for name in ("day", "workspace", "kind", "model", "tier", "context", "geo"))
        sums[line_key] += row[measure] or 0
    return sums


@pytest.mark.long
def test_thirty_days_by_key_are_the_bill(seen: Seen) -> None:
    """Spend by key of 30 days adds up to what the witness billed, with a difference of 0."""
    table = seen.book.spend("key", str(seen.since), str(seen.today))
    truth = seen.server.total_usd(seen.since, seen.today)
    assert sum((Decimal(str(row["billed"])) for row in table.rows), Decimal(0)) - truth == 0
    assert table.totals["billed"] == truth
    for day in span(seen.since, seen.today):
        amount = billed(row for row in seen.charges if row["day"] == day)
        assert amount == seen.server.total_usd(day, day + timedelta(days=1)), day


def test_tokens_of_all_charges_are_what_was_used(seen: Seen) -> None:
    """Quantities of charges sum to the tokens and searches of the witness, refused and priority ones too."""
    used = seen.server.tokens(seen.since, seen.today)
    for counter, kind in NAMES.items():
        assert sum(row["quantity"] for row in selection(seen.charges, kind=kind)) == used[counter]


def test_every_token_line_finds_its_use(seen: Seen) -> None:
    """Nothing of the bill is left without use but code execution; nothing had to be relaxed, all use has a price."""
    alone = {row["cause"] for row in seen.charges if row["quantity"] is None}
    assert alone == {"code execution"}
    assert {row["relaxed"] for row in seen.charges} == {"none"}
    assert all(row["priced"] is not None for row in seen.charges if row["tier"] != "priority" and row["quantity"])
    code = seen.server.usd_by_description(seen.since, seen.today)["Code Execution Usage"]
    assert billed(selection(seen.charges, kind="code_execution")) == code


def test_what_was_priced_and_not_billed_was_refused(seen: Seen) -> None:
    """Line by line price less bill is the price of refused tokens, less what large Haiku prompts cost more; else 0."""
    priced, paid = _sums(seen.charges, "priced"), _sums(seen.charges, "billed")
    high = _sums(seen.charges, "priced_high")
    gap: dict[LineKey, Decimal] = defaultdict(Decimal)
    refused, large, mixed = set(), set(), defaultdict(set)
    for cell in _cells(seen):
        if cell.dims["service_tier"] == "priority":
            continue
        for counter in COUNTERS[:5]:
            if not cell.counts[counter]:
                continue
            line_key = _line_key(cell, NAMES[counter])
            cost = cents(cell, counter) / 100
            listed = cost / 5 if cell.over_100k else cost
            mixed[line_key].add(cell.dims["speed"])
            gap[line_key] += listed - (0 if cell.refused else cost)
            refused |= {line_key} if cell.refused else set()
            large |= {line_key} if cell.over_100k else set()
    assert bool(refused) == (seen.today > date(2026, 6, 2))
    assert bool(large) == (seen.today > date(2026, 10, 7))
    assert {line_key for line_key, speeds in mixed.items() if len(speeds) > 1} or seen.today < date(2026, 9, 1)
    tokens = {line_key for line_key in priced if line_key[2] in NAMES.values() and line_key[2] != "web_search"}
    for line_key in tokens:
        if line_key[4] == "priority":
            assert paid[line_key] == 0
            continue
        assert priced[line_key] - paid[line_key] == gap[line_key], line_key
        if line_key not in refused:
            assert priced[line_key] <= paid[line_key] <= high[line_key], line_key
            assert line_key in large or priced[line_key] == paid[line_key], line_key
            assert line_key[3] == HAIKU or paid[line_key] == high[line_key], line_key


def test_searches_are_billed_as_priced(seen: Seen) -> None:
    """Web searches cost what the list says, each workspace its own."""
    rows = selection(seen.charges, kind="web_search")
    assert rows
    for row in rows:
        assert row["billed"] == row["priced"], row


def test_each_caller_pays_what_it_used(seen: Seen) -> None:
    """Where nobody of a line was refused and no prompt was large, each caller is billed its own requests exactly."""
    truth: dict[LineKey, Decimal] = defaultdict(Decimal)
    blurred: set[LineKey] = set()
    for cell in _cells(seen):
        if cell.dims["service_tier"] == "priority":
            continue
        actor = cell.dims["account_id"] or cell.dims["service_account_id"] or "unattributed"
        caller = (cell.dims["api_key_id"] or "playground", actor)
        for counter in COUNTERS[:5]:
            if cell.counts[counter]:
                line_key = _line_key(cell, NAMES[counter])
                truth[(*line_key, *caller)] += cents(cell, counter) / 100
                blurred |= {line_key} if cell.refused or cell.over_100k else set()
    amounts: dict[LineKey, Decimal] = defaultdict(Decimal)
    names = ("day", "workspace", "kind", "model", "tier", "context", "geo", "key", "actor")
    for row in seen.charges:
        if row["quantity"] is not None and row["billed"] is not None and row["kind"] != "web_search":
            amounts[tuple(row[name] for name in names)] += row["billed"]
    clear = [group for group in truth if group[:7] not in blurred]
    assert len(clear) > len(truth) // 2
    assert all(amounts[group] == truth[group] for group in clear)


@pytest.mark.long
def test_the_two_totals_meet_by_every_grouping(seen: Seen) -> None:
    """By model, tier, geography or day, spend has the total that the bill's own words have."""
    totals = {
        seen.book.spend(by, str(seen.since), str(seen.today)).totals["billed"]
        for by in ("key", "actor", "model", "tier", "geo", "day", "description")
    }
    assert totals == {seen.server.total_usd(seen.since, seen.today)}
