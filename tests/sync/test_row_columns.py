"""Columns of a page's rows are what reading one row after another gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support.api_pages import bucket
from tallystick.api import analytics, reports
from tallystick.api.analytics_query import cost_query, usage_query
from tallystick.api.endpoints import USAGE_REPORT
from tallystick.api.page import Page, Query
from tallystick.api.reports_query import cost_report_query, usage_report_query
from tallystick.core.dimensions import ANALYTICS, UNKNOWN
from tallystick.core.money import from_cents, total
from tallystick.core.records import COUNTERS, CostRecord, UsageRecord
from tallystick.core.time import Grain, Window
from tallystick.errors import InvalidAmount
from tallystick.sync import sources
from tallystick.sync.batch import BatchCheck, FetchedPage
from tallystick.sync.plan import SyncTask
from tallystick.sync.row_columns import dollars
from tallystick.sync.source import Source

Json = dict[str, Any]
NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
WINDOW = Window(datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 7, tzinfo=UTC))
STARTS = ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z")
BY = ("workspace", "key", "actor", "model", "product")
MISSING = object()

amounts = st.from_regex(r"-?[0-9]{1,16}(\.[0-9]{1,10})?", fullmatch=True)
counts = st.integers(0, 2**40)
words = st.sampled_from([None, "", "a", "b", "unknown", "none", "tokens", "output_tokens", MISSING])
actors = st.sampled_from(
    [None, {}, {"type": "user_actor", "user_id": "user_1", "name": "Ada"}, {"type": "new", "id": 7}, MISSING]
)


class NoIds:
    """The directory told nothing."""

    default = None

    def person_ids(self) -> Callable[[str], str]:
        return str

    def key_ids(self) -> Callable[[str], str]:
        return str


def some(**fields: Any) -> st.SearchStrategy[Json]:
    """Objects with these fields, without those that are drawn as missing."""
    return st.fixed_dictionaries(fields).map(
        lambda row: {name: value for name, value in row.items() if value is not MISSING}
    )


USAGE = {
    "uncached_input_tokens": counts,
    "cache_read_input_tokens": counts,
    "output_tokens": counts,
    "cache_creation": st.fixed_dictionaries({"ephemeral_5m_input_tokens": counts, "ephemeral_1h_input_tokens": counts}),
}
usage_rows = st.lists(some(**USAGE, **dict.fromkeys(USAGE_REPORT.groups.values(), words)), max_size=8)
cost_rows = st.lists(
    some(
        amount=amounts,
        currency=st.sampled_from(["USD", "usd"]),
        **dict.fromkeys(["workspace_id", "description", "token_type", *reports.DESCRIBED.values()], words),
    ),
    max_size=8,
)
groups = some(
    actor=actors,
    token_type=words,
    cost_type=words,
    **{str(dimension.analytics): words for dimension in ANALYTICS if dimension.name != "actor"},
)
spans = st.sampled_from(
    [{"starting_at": STARTS[0], "ending_at": STARTS[1]}] * 2
    + [{"starting_at": STARTS[1], "ending_at": "2026-10-07T00:00:00Z"}]
)


def placed_rows(**figures: Any) -> st.SearchStrategy[list[Json]]:
    """Rows of the newer dialect."""
    rows = st.tuples(spans, st.fixed_dictionaries({"group": groups, **figures}))
    return st.lists(rows.map(lambda parts: {**parts[0], **parts[1]}), max_size=8)


def checked(source: Source, control: Query, cube: Query, totals: Sequence[Json], data: Sequence[Json]) -> BatchCheck:
    """What is kept of a cube between two control totals, and its page."""
    batch = source.batch(SyncTask(source, Grain.DAY, WINDOW), "org", NOW, NoIds())
    if not source.newer and source.half == "usage":
        scout = usage_report_query(WINDOW, Grain.DAY, by=("tier",))
        batch.add(FetchedPage("scout", {}, page_of(scout, data)))
    for purpose, query, rows in (("before", control, totals), ("cube", cube, data), ("after", control, totals)):
        batch.add(FetchedPage(purpose, {}, page_of(query, rows), NOW))
    return batch.check()


def page_of(query: Query, data: Sequence[Json]) -> Page:
    """A page that is the last one."""
    body = {"data": data, "has_more": False, "next_page": None}
    return Page(query.request, json.dumps(body).encode())


def keys(check: BatchCheck, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a check, in a fixed order."""
    return sorted(tuple(row[name] for name in names) for row in check.rows.to_pylist())


@given(st.lists(st.one_of(amounts, st.text("0123456789.-+e \n٣", max_size=24), st.none()), max_size=6))
def test_a_column_of_amounts_is_each_amount(cents: list[str | None]) -> None:
    """Amounts read as a column are those read one by one, and what cannot be read so cannot be read as a column."""

    def one_by_one() -> list[Decimal | None]:
        return [None if text is None else from_cents(text) for text in cents]

    try:
        expected = one_by_one()
    except InvalidAmount:
        with pytest.raises(InvalidAmount):
            dollars(cents, ["USD"], one_by_one)
    else:
        assert dollars(cents, ["USD"], one_by_one).to_pylist() == expected


@pytest.mark.long
@given(usage_rows, usage_rows)
def test_columns_of_usage_are_its_records(first: list[Json], second: list[Json]) -> None:
    """A cube of the older usage report holds the records of its page, field by field."""
    by = ("model", "workspace", "key", "tier", "geo")
    cube = usage_report_query(WINDOW, Grain.DAY, by=by)
    data = [bucket(start, *rows) for start, rows in zip(STARTS, (first, second), strict=True)]
    records = list(reports.usage_records([page_of(cube, data)], by))
    totals = [bucket(start, *summed(rows)) for start, rows in zip(STARTS, (first, second), strict=True)]
    check = checked(sources.USAGE, usage_report_query(WINDOW, Grain.DAY), cube, totals, data)
    assert not check.moved
    assert keys(check, ("day", *by, *COUNTERS)) == sorted(map(usage_key(by), records))


def summed(rows: list[Json]) -> list[Json]:
    """The control total of a bucket: one row, none where there is nothing."""
    if not rows:
        return []
    names = ("uncached_input_tokens", "cache_read_input_tokens", "output_tokens")
    writes = {name: sum(row["cache_creation"][name] for row in rows) for name in rows[0]["cache_creation"]}
    return [{**{name: sum(row[name] for row in rows) for name in names}, "cache_creation": writes}]


def usage_key(by: Sequence[str]) -> Callable[[UsageRecord], tuple[Any, ...]]:
    """A record as `keys` gives a row."""
    return lambda record: (
        record.window.start.date(),
        *(record.dims[name] for name in by),
        *(getattr(record, name) for name in COUNTERS),
    )


def cost_key(names: Sequence[str]) -> Callable[[CostRecord], tuple[Any, ...]]:
    """The same of a cost."""
    return lambda record: (
        record.window.start.date(),
        *(record.dims[name] for name in names),
        record.billed,
    )


@pytest.mark.long
@given(cost_rows, cost_rows)
def test_columns_of_costs_are_its_records(first: list[Json], second: list[Json]) -> None:
    """A cube of the older cost report holds the records of its page, each amount to the last place."""
    cube = cost_report_query(WINDOW, NOW, by=("workspace", "description"))
    data = [bucket(start, *rows) for start, rows in zip(STARTS, (first, second), strict=True)]
    records = list(reports.cost_records([page_of(cube, data)], ("workspace", "description")))
    totals = [
        bucket(start, *([{"amount": cents(rows), "currency": "USD"}] if rows else []))
        for start, rows in zip(STARTS, (first, second), strict=True)
    ]
    check = checked(sources.COST, cost_report_query(WINDOW, NOW), cube, totals, data)
    assert not check.moved
    assert keys(check, ("day", *reports.COST_DIMS, "billed")) == sorted(map(cost_key(reports.COST_DIMS), records))


def cents(rows: list[Json]) -> str:
    """The sum of amounts as the API writes one."""
    return format(total([Decimal(row["amount"]) for row in rows]), "f")


@pytest.mark.long
@given(placed_rows(usage=some(**USAGE, requests=counts)))
def test_columns_of_newer_usage_are_its_records(data: list[Json]) -> None:
    """A cube of the newer dialect holds the records of its page that count anything."""
    cube = usage_query(WINDOW, Grain.DAY, NOW, by=BY)
    data.sort(key=lambda row: row["starting_at"])
    records = list(analytics.usage_records([page_of(cube, data)], BY))
    totals = newer_totals(
        data, "usage", lambda rows: {**summed(rows)[0], "requests": sum(row["requests"] for row in rows)}
    )
    check = checked(sources.ANALYTICS_USAGE, usage_query(WINDOW, Grain.DAY, NOW), cube, totals, data)
    assert not check.moved
    full = (record for record in records if record.requests or any(getattr(record, name) for name in COUNTERS))
    assert keys(check, ("day", *BY, *COUNTERS)) == sorted(map(usage_key(BY), full))
    assert {*check.rows["tier"].to_pylist()} <= {UNKNOWN}


@pytest.mark.long
@given(placed_rows(cost=some(amount=amounts, currency=st.sampled_from(["USD", "usd"]), list_amount=amounts)))
def test_columns_of_newer_costs_are_its_records(data: list[Json]) -> None:
    """A cube of the newer dialect holds what its page bills, and at which list price, to the last place."""
    by = ("workspace", "key", "actor", "model", "kind")
    cube = cost_query(WINDOW, Grain.DAY, NOW, by=by)
    data.sort(key=lambda row: row["starting_at"])
    records = list(analytics.cost_records([page_of(cube, data)], by))
    totals = newer_totals(data, "cost", newer_cost)
    check = checked(sources.ANALYTICS_COST, cost_query(WINDOW, Grain.DAY, NOW), cube, totals, data)
    assert not check.moved
    full = [record for record in records if record.billed or record.list]
    assert keys(check, ("day", *by, "billed")) == sorted(map(cost_key(by), full))
    assert sorted(check.rows["list"].to_pylist()) == sorted(record.list for record in full)


@pytest.mark.parametrize("group", [None, 5, "", [], ["x"]], ids=str)
def test_a_group_that_is_no_object_is_as_if_absent(group: Any) -> None:
    """A row whose group does not fit is of what is unknown, with a data issue that names the field."""
    figures = {"uncached_input_tokens": 7, "cache_read_input_tokens": 0, "output_tokens": 1}
    row = {"starting_at": STARTS[0], "ending_at": STARTS[1], "usage": figures}
    cube = usage_query(WINDOW, Grain.DAY, NOW, by=BY)
    told, absent = (
        checked(sources.ANALYTICS_USAGE, usage_query(WINDOW, Grain.DAY, NOW), cube, [row], [data])
        for data in ({**row, "group": group}, row)
    )
    assert told.rows.equals(absent.rows)
    assert {(odd.field, odd.text.endswith("where an object was expected; left out")) for odd in told.odd} == {
        ("data[].group", True)
    }


def newer_usage(rows: list[Json]) -> Json:
    """The control total of usage."""
    return {**summed(rows)[0], "requests": sum(row["requests"] for row in rows)}


def newer_cost(rows: list[Json]) -> Json:
    """The control total of costs."""
    listed = format(total([Decimal(row["list_amount"]) for row in rows]), "f")
    return {"amount": cents(rows), "currency": "USD", "list_amount": listed}


def newer_totals(data: list[Json], name: str, add: Callable[[list[Json]], Mapping[str, Any]]) -> list[Json]:
    """The control total of each day that has rows."""
    days = {row["starting_at"]: row["ending_at"] for row in data}
    return [
        {"starting_at": start, "ending_at": end, name: add([row[name] for row in data if row["starting_at"] == start])}
        for start, end in days.items()
    ]
