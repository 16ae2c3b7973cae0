from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from support.newer_reports import COST, NEW, SPAN, USAGE, cents, grouped, named, rows
from support.simulator_api import NOW, api_of
from tallystick.sim import AnalyticsBehavior, Ticking, World


@pytest.mark.parametrize(
    ("behavior", "watermark"),
    [
        (AnalyticsBehavior(), "2026-11-22T10:30:00Z"),
        (AnalyticsBehavior(refresh=timedelta(hours=4)), "2026-11-22T08:00:00Z"),
    ],
)
def test_nothing_is_told_beyond_the_watermark(world: World, behavior: AnalyticsBehavior, watermark: str) -> None:
    """A page says how far its export goes, and tells of the running day exactly so much."""
    params = [
        ("starting_at", "2026-11-22T00:00:00Z"),
        ("ending_at", "2026-11-23T00:00:00Z"),
        ("time_bucket_width", "1d"),
    ]
    page = api_of(world, analytics=behavior).get(USAGE, params, NEW)
    assert page["data_refreshed_at"] == watermark
    until = datetime.fromisoformat(watermark)
    truth = sum(request.output for request in world.between(datetime(2026, 11, 22, tzinfo=UTC), until))
    assert [row["usage"]["output_tokens"] for row in page["data"]] == [truth]


def test_no_export_no_watermark(world: World) -> None:
    """A range that no export covers yet is empty, and its watermark null."""
    api = api_of(world, analytics=AnalyticsBehavior(refresh=timedelta(hours=4)))
    page = api.get(COST, [("starting_at", "2026-11-22T09:00:00Z")], NEW)
    assert page == {"data": [], "has_more": False, "next_page": None, "data_refreshed_at": None}


def test_days_settle_within_thirty_days(world: World) -> None:
    """Where requests arrive late a young day is short of them, and the truth thirty days on; no day ever shrinks."""
    params = [("starting_at", "2026-11-10T00:00:00Z"), ("ending_at", "2026-11-11T00:00:00Z")]
    seen = []
    for age in (1, 4, 15, 31):
        now = datetime(2026, 11, 10, 12, tzinfo=UTC) + timedelta(days=age)
        api = api_of(world, clock=Ticking(now), analytics=AnalyticsBehavior(late_permille=100))
        seen.append(cents(rows(api, COST, params)))
    assert seen == sorted(seen)
    assert seen[0] < seen[1] < seen[-1] == 100 * world.billed(date(2026, 11, 10))


def test_what_the_contract_leaves_open_is_a_switch(world: World) -> None:
    """Zero rows, bare search and session money, and an organization in the envelope can be had; no total moves."""
    total = cents(rows(api_of(world), COST, SPAN))
    tiers = [*SPAN, *grouped("service_tier", "speed", "model", "api_key_id"), ("limit", "1000")]
    zero = rows(api_of(world, analytics=AnalyticsBehavior(zero_cost=True)), COST, tiers)
    assert "0" in {row["cost"]["amount"] for row in zero if row["group"]["service_tier"] == "priority"}
    bare = api_of(world, analytics=AnalyticsBehavior(bare_searches=True, bare_sessions=True))
    by_model = rows(
        bare, COST, [*SPAN, ("limit", "1000"), *grouped("model", "session_id", "workspace_id", "cost_type")]
    )
    money: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in by_model:
        money[row["group"]["cost_type"]].add(named(row, "model", "session_id"))
        assert row["group"]["workspace_id"]
    assert money["web_search"] == money["session_usage"] == money["code_execution"] == {(None, None)}
    assert cents(zero) == cents(by_model) == total
    enveloped = api_of(world, analytics=AnalyticsBehavior(envelope_organization=True)).get(COST, SPAN, NEW)
    assert enveloped["organization_id"] == world.organization.id


def test_usage_of_a_bare_search_stays_with_its_model(world: World) -> None:
    """Where search money is bare, the searches are still counted where they were made."""
    bare, usual = api_of(world, analytics=AnalyticsBehavior(bare_searches=True)), api_of(world)
    params = [*SPAN, ("limit", "1000"), *grouped("model", "api_key_id")]
    assert rows(bare, USAGE, params) == rows(usual, USAGE, params)


def test_too_many_requests_a_minute(world: World) -> None:
    """Where there is a limit, one request too many is a 429 that tells how long to wait; after that it is answered."""
    clock = Ticking(NOW, timedelta(seconds=10))
    api = api_of(world, clock=clock, analytics=AnalyticsBehavior(most_per_minute=2, refresh=timedelta(hours=4)))
    answers = [api.ask(path, SPAN, NEW) for path in (USAGE, COST, USAGE)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "40"
    clock.now += timedelta(seconds=int(answers[-1].headers["retry-after"]) - 10)
    assert api.ask(USAGE, SPAN, NEW).status == 200
    assert api.ask("me").status == 200
