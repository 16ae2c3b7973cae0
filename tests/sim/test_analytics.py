from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from support.newer_reports import (
    COST,
    DAILY,
    FANNED,
    NEW,
    OWN,
    SPAN,
    USAGE,
    cents,
    counts,
    days,
    grouped,
    named,
    requests,
    rows,
    spans,
    used,
)
from support.simulator_api import Api
from tallystick.sim import World
from tallystick.sim.newer.axes import AXES
from tallystick.sim.world import tariff
from tallystick.sim.world.requests import KINDS


def test_usage_is_the_truth(api: Api, world: World) -> None:
    """The one row of an ungrouped span sums its requests, refused ones included, and counts code execution spans."""
    (row,) = rows(api, USAGE, SPAN)
    truth = Counter(dict(zip((*KINDS, "searches"), map(sum, zip(*(r[2:] for r in requests(world)), strict=True)))))  # noqa: B905 - both have six
    truth["requests"] = sum(1 for _ in requests(world)) + spans(world)
    assert counts(row) == truth
    assert row["usage"]["total_tokens"] == sum(truth[kind] for kind in KINDS)
    assert (row["starting_at"], row["ending_at"]) == ("2026-11-08T00:00:00Z", "2026-11-13T00:00:00Z")
    assert set(row["group"].values()) == {None}


def test_cost_is_the_truth(api: Api, world: World) -> None:
    """Each day's one row is what its requests and services cost, to the last place, and counts the same requests."""
    by_day = {row["starting_at"][:10]: row for row in rows(api, COST, DAILY)}
    assert {day: cents([row]) for day, row in by_day.items()} == {str(day): 100 * world.billed(day) for day in days()}
    usage = {row["starting_at"][:10]: row["usage"]["requests"] for row in rows(api, USAGE, DAILY)}
    assert {day: row["cost"]["requests"] for day, row in by_day.items()} == usage
    assert all(row["cost"]["amount"] == row["cost"]["list_amount"] for row in by_day.values())


def test_both_dialects_tell_one_truth(api: Api, world: World) -> None:
    """Per day, workspace and model both dialects bill the same; the newer one names the default workspace."""
    default = world.organization.default.id
    older: Counter[tuple[str, str, str | None, str | None]] = Counter()
    params = [*SPAN, *grouped("workspace_id", "description")]
    for bucket in api.buckets("cost_report", params):
        for row in bucket["results"]:
            kind = row["token_type"] or row["cost_type"]
            older[bucket["starting_at"], row["workspace_id"] or default, row["model"], kind] += int(
                Decimal(row["amount"]) * 10**10
            )
    newer: Counter[tuple[str, str, str | None, str | None]] = Counter()
    for row in rows(api, COST, [*DAILY, *grouped("workspace_id", "model"), *FANNED]):
        workspace, model, cost_type, token_type = named(row, "workspace_id", "model", "cost_type", "token_type")
        model = None if cost_type == "web_search" else model
        newer[row["starting_at"], workspace, model, token_type or cost_type] += int(
            Decimal(row["cost"]["amount"]) * 10**10
        )
    assert newer == older


def test_cost_by_key_is_the_truth(api: Api, world: World) -> None:
    """What the requests of a key cost is what its rows sum to; all other use has one row without a key."""
    truth: Counter[str | None] = Counter()
    for request in requests(world):
        truth[request.group.key] += sum(request.picodollars().values())
    for day in days():
        for service in world.services(day):
            session = service.cost_type == "session_usage"
            truth[world.organization.keys[3].id if session else None] += service.picodollars
    by_key = {row["group"]["api_key_id"]: cents([row]) for row in rows(api, COST, [*SPAN, *grouped("api_key_id")])}
    assert by_key == {key: 100 * tariff.dollars(amount) for key, amount in truth.items() if amount}


@pytest.mark.long
@settings(deadline=None, max_examples=12)
@given(st.lists(st.sampled_from(sorted(AXES)), max_size=5, unique=True), st.sampled_from(["1d", "1h", None]))
def test_any_grouping_sums_to_the_total(api: Api, names: list[str], width: str | None) -> None:
    """Grouping, and buckets, split both reports and lose nothing."""
    if {"claude_tag_user_id", "rbac_group_id"} <= set(names):
        names.remove("rbac_group_id")
    params = [*SPAN, ("limit", "1000"), *grouped(*names), *([("time_bucket_width", width)] if width else [])]
    assert used(rows(api, USAGE, params)) == used(rows(api, USAGE, SPAN))
    assert cents(rows(api, COST, [*params, *FANNED])) == cents(rows(api, COST, SPAN))


@settings(deadline=None, max_examples=12)
@given(st.data())
def test_a_filter_keeps_what_grouping_shows(api: Api, data: st.DataObject) -> None:
    """Filtering by values gives what the rows with these values sum to: alternatives within, all between."""
    names = data.draw(st.lists(st.sampled_from(sorted({*OWN} - {"actor"})), min_size=1, max_size=3, unique=True))
    report = rows(api, USAGE, [*SPAN, ("limit", "1000"), *grouped(*names)])
    absent = {"api_key_id": "", "inference_geo": "not_available"}
    wanted: dict[str, list[str]] = {}
    for name in names:
        values = {row["group"][name] or absent.get(name) for row in report} - {None, "other", "cc_security_autopatch"}
        wanted[name] = data.draw(
            st.lists(st.sampled_from(sorted(map(str, values))), min_size=1, max_size=3, unique=True)
        )
    filters = [(AXES[name].parameter, value) for name, values in wanted.items() for value in values]
    matches = [
        row for row in report if all((row["group"][n] or absent.get(n)) in values for n, values in wanted.items())
    ]
    assert used(rows(api, USAGE, [*SPAN, *filters])) == used(matches)


def test_filters_of_unknown_ids_match_nothing(api: Api, world: World) -> None:
    """An id that nobody has, and a filter of the other kind of organization, is an empty answer and no error."""
    for name in sorted(AXES):
        if not AXES[name].values and name != "organization_id":
            assert api.get(USAGE, [*SPAN, (AXES[name].parameter, "nobody")], NEW)["data"] == []
    assert api.get(COST, [*SPAN, ("products[]", "chat")], NEW)["data"] == []
    assert world.organization.default.id in {
        row["group"]["workspace_id"] for row in rows(api, COST, [*SPAN, *grouped("workspace_id")])
    }
