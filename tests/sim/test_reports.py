from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.simulator_api import HEADERS, NOW, Api, api_of
from tallystick.core.time import midnight
from tallystick.sim import Behavior, Ticking, World
from tallystick.sim.world.requests import KINDS

USAGE = "usage_report/messages"
COST = "cost_report"
FAST = HEADERS | {"anthropic-beta": "fast-mode-2026-02-01"}
FILTERS = {
    "account_id": "account_ids[]",
    "api_key_id": "api_key_ids[]",
    "context_window": "context_window[]",
    "inference_geo": "inference_geos[]",
    "model": "models[]",
    "service_account_id": "service_account_ids[]",
    "service_tier": "service_tiers[]",
    "speed": "speeds[]",
    "workspace_id": "workspace_ids[]",
}
SPAN = [("starting_at", "2026-11-08T00:00:00Z"), ("ending_at", "2026-11-13T00:00:00Z")]
Params = list[tuple[str, str]]


def measures(row: dict[str, Any]) -> Counter[str]:
    """The counts of a usage row, by kind."""
    return Counter(
        {
            KINDS[0]: row["uncached_input_tokens"],
            KINDS[1]: row["cache_creation"]["ephemeral_5m_input_tokens"],
            KINDS[2]: row["cache_creation"]["ephemeral_1h_input_tokens"],
            KINDS[3]: row["cache_read_input_tokens"],
            KINDS[4]: row["output_tokens"],
            "searches": row["server_tool_use"]["web_search_requests"],
        }
    )


def used(api: Api, params: Params, headers: dict[str, str] = FAST) -> list[Counter[str]]:
    """The counts of each bucket."""
    buckets = api.buckets(USAGE, params, headers)
    return [sum((measures(row) for row in bucket["results"]), Counter()) for bucket in buckets]


def billed(api: Api, params: Params) -> list[Decimal]:
    """The cents of each day."""
    return [
        sum((Decimal(row["amount"]) for row in bucket["results"]), Decimal(0)) for bucket in api.buckets(COST, params)
    ]


def grouped(dimensions: list[str]) -> Params:
    """The parameters that group by these dimensions."""
    return [("group_by[]", dimension) for dimension in dimensions]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(sorted(FILTERS)), max_size=5, unique=True))
def test_any_grouping_of_usage_sums_to_the_total(api: Api, dimensions: list[str]) -> None:
    """Grouping splits every bucket and loses nothing."""
    assert used(api, [*SPAN, *grouped(dimensions)]) == used(api, SPAN)


@pytest.mark.long
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_filter_keeps_what_grouping_shows(api: Api, data: st.DataObject) -> None:
    """Filtering by values gives what the rows with these values sum to: alternatives within, all between."""
    dimensions = data.draw(st.lists(st.sampled_from(sorted(FILTERS)), min_size=1, max_size=3, unique=True))
    rows = [row for bucket in api.buckets(USAGE, [*SPAN, *grouped(dimensions)], FAST) for row in bucket["results"]]
    wanted: dict[str, list[str]] = {}
    for dimension in dimensions:
        known = sorted({row[dimension] for row in rows} - {None})
        wanted[dimension] = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    filters = [(FILTERS[dimension], value) for dimension, values in wanted.items() for value in values]
    matches = [row for row in rows if all(row[dimension] in values for dimension, values in wanted.items())]
    assert sum(used(api, [*SPAN, *filters]), Counter()) == sum(map(measures, matches), Counter())


@pytest.mark.parametrize("dimensions", [["workspace_id"], ["description"], ["workspace_id", "description"]])
def test_any_grouping_of_cost_sums_to_the_total(api: Api, dimensions: list[str]) -> None:
    """Grouping splits every day's bill exactly."""
    assert billed(api, [*SPAN, *grouped(dimensions)]) == billed(api, SPAN)


def test_usage_is_the_truth(api: Api, world: World) -> None:
    """The report of a day is the sum of its requests, refused and priority ones included."""
    for bucket, total in zip(api.buckets(USAGE, SPAN), used(api, SPAN), strict=True):
        requests = world.requests(date.fromisoformat(bucket["starting_at"][:10]))
        truth = dict(zip((*KINDS, "searches"), map(sum, zip(*(r[2:] for r in requests), strict=True)), strict=True))
        assert total == Counter(truth)


def test_cost_is_the_truth(api: Api, world: World) -> None:
    """The bill of a day is the sum of what its requests and services cost, to the last place."""
    for bucket, cents in zip(api.buckets(COST, SPAN), billed(api, SPAN), strict=True):
        assert cents == 100 * world.billed(date.fromisoformat(bucket["starting_at"][:10]))


def test_cost_lines_are_the_truth(api: Api, world: World) -> None:
    """Each line of the bill is what the requests with its parsed fields cost."""
    day = date(2026, 11, 10)
    rows = api.get(COST, [("starting_at", str(day)), ("limit", "1"), *grouped(["workspace_id", "description"])])
    default = world.organization.default.id
    truth: Counter[tuple[object, ...]] = Counter()
    for request in world.requests(day):
        group = request.group
        where = None if group.workspace == default else group.workspace
        for kind, amount in request.picodollars().items():
            if kind != "web_search":
                truth[where, group.model, kind, group.tier, group.context, group.geo] += amount
    names = ("workspace_id", "model", "token_type", "service_tier", "context_window", "inference_geo")
    amounts: Counter[tuple[object, ...]] = Counter()
    for row in rows["data"][0]["results"]:
        if row["cost_type"] == "tokens":
            amounts[tuple(row[name] for name in names)] += int(Decimal(row["amount"]) * 10**10)
    assert amounts == truth


def test_cost_rows_are_one_per_workspace_and_description(api: Api) -> None:
    """Workspace and description name a row; speed shows in nothing but the description."""
    page = api.get(COST, [*SPAN, *grouped(["workspace_id", "description"])])
    for bucket in page["data"]:
        names = [(row["workspace_id"], row["description"]) for row in bucket["results"]]
        assert len(names) == len(set(names))
    texts = {row["description"] for bucket in page["data"] for row in bucket["results"]}
    assert {"Web Search Usage", "Code Execution Usage"} <= texts
    assert any(text.endswith("(Fast)") for text in texts)


def test_cost_knows_no_priority_and_no_zero(api: Api) -> None:
    """The bill has lines of the tiers standard and batch only, each above zero and written plainly."""
    rows = [row for bucket in api.buckets(COST, [*SPAN, *grouped(["description"])]) for row in bucket["results"]]
    assert {row["service_tier"] for row in rows} == {"standard", "batch", None}
    assert {row["cost_type"] for row in rows} == {"tokens", "web_search", "code_execution", "session_usage"}
    assert all(Decimal(row["amount"]) > 0 and set(row["amount"]) <= set("0123456789.") for row in rows)


def test_ungrouped_reports_have_one_anonymous_row(api: Api) -> None:
    """Without grouping a day has exactly one row, and every dimension in it is null."""
    usage, cost = api.get(USAGE, SPAN), api.get(COST, SPAN)
    for bucket in usage["data"]:
        assert [row[name] for row in bucket["results"] for name in FILTERS if name != "speed"] == [None] * 8
    for bucket in cost["data"]:
        (row,) = bucket["results"]
        assert {name for name, value in row.items() if value is not None} == {"amount", "currency"}


def test_the_default_workspace_and_keyless_use_are_null(api: Api, world: World) -> None:
    """A grouped report calls the default workspace null, and use without a key too."""
    params = [*SPAN, *grouped(["workspace_id", "api_key_id", "account_id", "service_account_id"])]
    rows = [row for bucket in api.buckets(USAGE, params) for row in bucket["results"]]
    assert None in {row["workspace_id"] for row in rows}
    assert world.organization.default.id not in {row["workspace_id"] for row in rows}
    keyless = [row for row in rows if row["api_key_id"] is None]
    assert any(row["account_id"] for row in keyless)
    assert any(row["service_account_id"] for row in keyless)
    assert any(not row["account_id"] and not row["service_account_id"] for row in keyless)


@pytest.mark.parametrize(("switch", "match"), [(False, False), (True, True)])
def test_filtering_to_the_default_workspace(world: World, *, switch: bool, match: bool) -> None:
    """The real id of the default workspace filters nothing in, unless the switch says that it does."""
    api = api_of(world, behavior=Behavior(default_filter=switch))
    assert any(used(api, [*SPAN, ("workspace_ids[]", world.organization.default.id)])) == match


@pytest.mark.long
@pytest.mark.parametrize(("width", "limit", "pages"), [("1d", 2, 3), ("1h", 24, 5), ("1m", 1440, 5), ("1d", 5, 1)])
def test_pages_end_exactly(api: Api, width: str, limit: int, pages: int) -> None:
    """Pages hold `limit` buckets, oldest first and without a gap; the last one ends with the last bucket."""
    params = [*SPAN, ("bucket_width", width), ("limit", str(limit))]
    page = api.get(USAGE, params)
    starts, count = [bucket["starting_at"] for bucket in page["data"]], 1
    ends = [bucket["ending_at"] for bucket in page["data"]]
    while page["has_more"]:
        assert len(page["data"]) == limit
        page = api.get(USAGE, [*params, ("page", page["next_page"])])
        assert page["data"]
        starts += [bucket["starting_at"] for bucket in page["data"]]
        ends += [bucket["ending_at"] for bucket in page["data"]]
        count += 1
    assert page["next_page"] is None
    assert count == pages
    assert starts == sorted(starts)
    assert starts[1:] == ends[:-1]
    assert (starts[0], ends[-1]) == ("2026-11-08T00:00:00Z", "2026-11-13T00:00:00Z")


@pytest.mark.long
@pytest.mark.parametrize("width", ["1h", "1m"])
def test_finer_buckets_sum_to_the_day(api: Api, width: str) -> None:
    """The hours, and the minutes, of a span sum to its days."""
    assert sum(used(api, [*SPAN, ("bucket_width", width)]), Counter()) == sum(used(api, SPAN), Counter())


def test_default_limits(api: Api) -> None:
    """Without a limit a page has 7 days, 24 hours or 60 minutes."""
    start = ("starting_at", "2026-11-01T00:00:00Z")
    sizes = [len(api.get(USAGE, [start, ("bucket_width", width)])["data"]) for width in ("1d", "1h", "1m")]
    assert [*sizes, len(api.get(COST, [start])["data"])] == [7, 24, 60, 7]


def test_empty_buckets_are_returned(api: Api) -> None:
    """A day without data is a bucket without rows, in both reports."""
    for path in (USAGE, COST):
        page = api.get(path, [("starting_at", "2026-07-20T00:00:00Z"), ("limit", "3")])
        assert [bucket["results"] for bucket in page["data"]] == [[], [], []]


def test_page_tokens_are_of_the_observed_form(world: World) -> None:
    """An unbound token is `page_` and the base64 of the next bucket's start."""
    api = api_of(world, behavior=Behavior(bound_cursors=False))
    token = api.get(COST, [*SPAN, ("limit", "2")])["next_page"]
    assert token == f"page_{base64.b64encode(b'2026-11-10T00:00:00Z').decode()}"


def test_rows_are_shuffled_and_repeatable(api: Api) -> None:
    """The same query gives the same rows in the same order, which is not a sorted one."""
    params = [*SPAN, *grouped(["api_key_id"])]
    first, second = api.get(USAGE, params), api.get(USAGE, params)
    assert first == second
    keys = [[str(row["api_key_id"]) for row in bucket["results"]] for bucket in first["data"]]
    assert all(names != sorted(names) for names in keys)


@pytest.mark.parametrize(
    ("start", "end", "floor", "days"),
    [
        ("2026-11-13T00:00:00Z", "2026-11-19T23:59:59Z", False, 6),
        ("2026-11-13T00:00:01Z", "2026-11-19T00:00:00Z", False, 5),
        ("2026-11-13T00:00:01Z", "2026-11-19T00:00:00Z", True, 6),
        ("2026-11-13", "2026-11-14", False, 1),
        ("2026-11-13T01:00:00+01:00", "2026-11-14T00:00:00Z", False, 1),
    ],
)
def test_windows_snap(world: World, start: str, end: str, *, floor: bool, days: int) -> None:
    """The buckets are those that lie wholly in the window; a switch lets an unaligned start include its own."""
    api = api_of(world, behavior=Behavior(floor=floor))
    for path in (USAGE, COST):
        assert len(api.get(path, [("starting_at", start), ("ending_at", end)])["data"]) == days


def test_usage_includes_the_running_day(api: Api) -> None:
    """Without an end, and with one in the future, usage ends with the bucket that is still filling."""
    for extra in ([], [("ending_at", "2026-12-24T00:00:00Z")]):
        page = api.get(USAGE, [("starting_at", "2026-11-21T00:00:00Z"), *extra])
        assert [bucket["starting_at"][:10] for bucket in page["data"]] == ["2026-11-21", "2026-11-22"]
        assert page["data"][-1]["results"]


def test_usage_lags(world: World) -> None:
    """A request shows once it is older than the lag, and not before."""
    api = api_of(world, behavior=Behavior(lag=timedelta(hours=3)))
    (total,) = used(api, [("starting_at", "2026-11-22T00:00:00Z")])
    visible = world.between(midnight(NOW.date()), NOW - timedelta(hours=3))
    assert total[KINDS[4]] == sum(request.output for request in visible)
    hours = used(api, [("starting_at", "2026-11-22T00:00:00Z"), ("bucket_width", "1h")])
    assert len(hours) == 11
    assert not any(hours[8:])
    assert sum(hours, Counter()) == total


def test_cost_is_clamped_to_completed_days(api: Api) -> None:
    """Cost ends with yesterday, whatever end is asked for."""
    for extra in ([], [("ending_at", "2026-12-24T00:00:00Z")], [("ending_at", "2026-11-22T10:00:00Z")]):
        page = api.get(COST, [("starting_at", "2026-11-20T00:00:00Z"), *extra])
        assert [bucket["starting_at"][:10] for bucket in page["data"]] == ["2026-11-20", "2026-11-21"]


def test_month_to_date_on_the_first_is_refused(world: World) -> None:
    """On the first of a month the cost of the month has no completed day, which is a 400."""
    api = api_of(world, clock=Ticking(datetime(2026, 11, 1, 9, tzinfo=UTC)))
    assert api.ask(COST, [("starting_at", "2026-11-01T00:00:00Z")]).status == 400
    assert api.ask(COST, [("starting_at", "2026-10-31T00:00:00Z")]).status == 200


def test_an_empty_window_of_usage(world: World) -> None:
    """A window without a whole bucket is an empty answer, or a refusal in the strict mode."""
    params = [("starting_at", "2026-11-20T00:00:00Z"), ("ending_at", "2026-11-20T23:59:59Z")]
    assert api_of(world).get(USAGE, params) == {"data": [], "has_more": False, "next_page": None}
    assert api_of(world, behavior=Behavior(strict_windows=True)).ask(USAGE, params).status == 400


def test_speed_appears_with_its_header_only(api: Api) -> None:
    """Rows have a `speed` exactly if the beta header is sent, and a value exactly if it is grouped."""
    without = api.get(USAGE, SPAN)["data"][0]["results"][0]
    assert "speed" not in without
    assert api.get(USAGE, SPAN, FAST)["data"][0]["results"][0]["speed"] is None
    rows = api.get(USAGE, [*SPAN, ("group_by[]", "speed")], FAST)["data"][0]["results"]
    assert {row["speed"] for row in rows} == {"fast", "standard"}


def test_cost_can_leave_out_the_geography(world: World) -> None:
    """With the switch off no cost row names a geography, and the total is the same."""
    params = [*SPAN, ("group_by[]", "description")]
    quiet = api_of(world, behavior=Behavior(cost_geo=False))
    rows = [row for bucket in quiet.buckets(COST, params) for row in bucket["results"]]
    assert {row["inference_geo"] for row in rows} == {None}
    assert billed(quiet, params) == billed(api_of(world), params)


def test_a_tier_can_have_a_name_that_nobody_knows(world: World) -> None:
    """Renamed, the tier flex is in rows and in filters what it was, under an unknown enum value."""
    api, usual = api_of(world, behavior=Behavior(flex_name="turbo")), api_of(world)
    rows = [row for bucket in api.buckets(USAGE, [*SPAN, ("group_by[]", "service_tier")]) for row in bucket["results"]]
    assert {row["service_tier"] for row in rows} == {"standard", "batch", "priority", "turbo"}
    assert used(api, [*SPAN, ("service_tiers[]", "turbo")]) == used(usual, [*SPAN, ("service_tiers[]", "flex")])
    assert used(api, SPAN) == used(usual, SPAN)
