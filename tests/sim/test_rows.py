from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from support.newer_reports import COST, DAILY, FANNED, NEW, OWN, SPAN, USAGE, cents, grouped, pages, rows
from support.simulator_api import Api
from tallystick.sim import World
from tallystick.sim.world.requests import KINDS


def test_fan_out_tells_every_component(api: Api) -> None:
    """By cost type and token type the rows of a base row stand together, outside the limit, and sum to it."""
    base = rows(api, COST, [*SPAN, ("limit", "3"), *grouped("workspace_id")])
    for names in ([("group_by[]", "cost_type")], FANNED):
        answers = list(pages(api, COST, [*SPAN, ("limit", "3"), *grouped("workspace_id"), *names]))
        assert len(answers[0]["data"]) > 3
        flat = [row for page in answers for row in page["data"]]
        units = [(name, list(unit)) for name, unit in groupby(flat, key=lambda row: row["group"]["workspace_id"])]
        assert [(name, cents(unit)) for name, unit in units] == [
            (row["group"]["workspace_id"], cents([row])) for row in base
        ]
        assert all(row["cost"]["requests"] is None for row in flat)
        assert {row["group"]["cost_type"] for row in flat} == {
            *("tokens", "web_search", "code_execution", "session_usage")
        }
        assert {row["group"]["token_type"] for row in flat} == ({None, *KINDS} if len(names) > 1 else {None})


def test_token_type_alone_drops_other_money(api: Api) -> None:
    """By token type alone every row is of cost type tokens, and the sum lacks search, sandbox and session."""
    report = rows(api, COST, [*SPAN, ("limit", "1000"), *grouped("workspace_id", "token_type")])
    assert {row["group"]["cost_type"] for row in report} == {"tokens"}
    rest = [row for row in rows(api, COST, [*SPAN, *FANNED]) if row["group"]["cost_type"] != "tokens"]
    assert cents(report) + cents(rest) == cents(rows(api, COST, SPAN))
    assert cents(rest) > 0


def test_rows_are_sparse_and_never_zero(api: Api) -> None:
    """A bucket without use has no row, a cost row costs something, and Priority Tier has usage and no cost."""
    params = [
        ("starting_at", "2026-07-25T00:00:00Z"),
        ("ending_at", "2026-08-03T00:00:00Z"),
        ("time_bucket_width", "1d"),
    ]
    assert {row["starting_at"][:10] for row in rows(api, USAGE, params)} == {"2026-08-01", "2026-08-02"}
    assert all(Decimal(row["cost"]["amount"]) > 0 for row in rows(api, COST, [*DAILY, *grouped(*OWN[:5])]))
    tiers = [
        {row["group"]["service_tier"] for row in rows(api, path, [*SPAN, *grouped("service_tier")])}
        for path in (USAGE, COST)
    ]
    assert {"priority", "flex"} <= tiers[0]
    assert None in tiers[0]
    lone = [
        ("service_tiers[]", "flex"),
        ("speeds[]", "standard"),
        *grouped("service_tier"),
        ("group_by[]", "cost_type"),
    ]
    assert {row["group"]["cost_type"] for row in rows(api, COST, [*SPAN, *lone])} <= {"web_search"}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (USAGE, "total_tokens"),
        (USAGE, "output_tokens"),
        (USAGE, "uncached_input_tokens"),
        (USAGE, "requests"),
        (COST, "amount"),
        (COST, "list_amount"),
    ],
)
def test_metrics_rank_all_rows(api: Api, path: str, name: str, order: str) -> None:
    """A metric ranks the rows of all buckets together, over all pages, in either direction."""
    params = [
        *SPAN,
        ("time_bucket_width", "1d"),
        ("limit", "7"),
        *grouped("model"),
        ("order_by", name),
        ("order", order),
    ]
    values = [Decimal(str((row.get("usage") or row["cost"])[name])) for row in rows(api, path, params)]
    assert len(values) > 14
    assert values == sorted(values, reverse=order == "desc")


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_time_orders_buckets(api: Api, order: str) -> None:
    """By time the buckets follow the order, and in a bucket the dearest row is first either way."""
    report = rows(api, COST, [*DAILY, *grouped("model"), ("order_by", "time"), ("order", order)])
    starts = [row["starting_at"] for row in report]
    assert starts == sorted(starts, reverse=order == "desc")
    for _, bucket in groupby(report, key=lambda row: row["starting_at"]):
        amounts = [Decimal(row["cost"]["amount"]) for row in bucket]
        assert amounts == sorted(amounts, reverse=True)
    unbucketed = [*SPAN, *grouped("model"), ("order", order)]
    assert rows(api, COST, [*unbucketed, ("order_by", "time")]) == rows(api, COST, unbucketed)


def test_pages_hold_rows(api: Api) -> None:
    """A page has 20 rows unless told otherwise, and pages of any size tell the same rows in the same order."""
    params = [*SPAN, ("time_bucket_width", "1d"), *grouped("api_key_id", "model")]
    full = api.get(USAGE, [*params, ("limit", "1000")], NEW)
    assert not full["has_more"]
    assert full["next_page"] is None
    answers = list(pages(api, USAGE, params))
    assert [len(page["data"]) for page in answers[:-1]] == [20] * (len(answers) - 1)
    assert (
        [row for page in answers for row in page["data"]]
        == full["data"]
        == rows(api, USAGE, [*params, ("limit", "33")])
    )


@pytest.mark.parametrize(("width", "minutes"), [("1h", 60), ("1m", 1)])
def test_finer_buckets_sum_to_the_day(api: Api, world: World, width: str, minutes: int) -> None:
    """The hours, and the minutes, of a day sum to it; each row has the bounds of its bucket."""
    day = date(2026, 11, 10)
    params = [("starting_at", f"{day}T00:00:00Z"), ("ending_at", "2026-11-11T00:00:00Z"), ("limit", "1000")]
    report = rows(api, COST, [*params, ("time_bucket_width", width), *FANNED])
    assert cents(report) == 100 * world.billed(day)
    for row in report:
        start, end = (datetime.fromisoformat(row[name]) for name in ("starting_at", "ending_at"))
        assert end - start == timedelta(minutes=minutes)


@pytest.mark.long
def test_without_buckets_bounds_are_whole_hours(api: Api) -> None:
    """Unbucketed bounds are floored to the hour, also the default end, which is the present or 31 days on."""
    odd = [("starting_at", "2026-11-10T03:59:00+00:00"), ("ending_at", "2026-11-10T09:40:00Z")]
    even = [("starting_at", "2026-11-10T03:00:00Z"), ("ending_at", "2026-11-10T09:00:00Z")]
    assert api.get(USAGE, odd, NEW) == api.get(USAGE, even, NEW)
    (row,) = api.get(USAGE, [("starting_at", "2026-11-21T00:00:00Z")], NEW)["data"]
    assert row["ending_at"] == "2026-11-22T10:00:00Z"
    (row,) = api.get(USAGE, [("starting_at", "2026-09-01T00:00:00Z")], NEW)["data"]
    assert row["ending_at"] == "2026-10-02T00:00:00Z"
    assert api.get(USAGE, [("starting_at", "2026-11-22T10:10:00Z")], NEW)["data"] == []
