"""Days that reports lose, hold late or have halved: alike in both dialects, at every grain and grouping."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from support.newer_reports import COST as NEWER_COST, SPAN, USAGE as NEWER_USAGE, Params, cents, grouped, refusal, rows
from support.simulator_api import Api, api_of
from support.wire import KEY
from tallystick.sim import World

DAYS = [date(2026, 11, 8) + timedelta(days=age) for age in range(5)]
LATE = DAYS[2]
DAY = ("time_bucket_width", "1d")
BY_ALL = [("group_by[]", "workspace_id"), ("group_by[]", "description")]


def faulty(world: World, fault: str) -> Api:
    """The world, with this fault on a day of the window."""
    return api_of(world, faults=[f"{fault}={LATE}"])


def billed(api: Api) -> list[dict[str, Decimal]]:
    """What each day was billed, in cents, by each way to ask: two dialects, grouped or not."""
    older = [api.get("cost_report", [*SPAN, *by])["data"] for by in ([], BY_ALL)]
    reports = [
        {
            bucket["starting_at"][:10]: sum((Decimal(row["amount"]) for row in bucket["results"]), Decimal(0))
            for bucket in data
        }
        for data in older
    ]
    for by in ([], grouped("workspace_id", "model")):
        newer: dict[str, Decimal] = {}
        for row in rows(api, NEWER_COST, [*SPAN, DAY, *by]):
            newer[row["starting_at"][:10]] = newer.get(row["starting_at"][:10], Decimal(0)) + cents([row])
        reports.append(newer)
    return reports


def output(api: Api) -> list[dict[str, int]]:
    """The output tokens of each day, by each way to ask."""
    reports = []
    wide: list[Params] = [[], [("bucket_width", "1h"), ("limit", "168"), ("group_by[]", "model")]]
    for query in wide:
        older: dict[str, int] = {}
        for bucket in api.get("usage_report/messages", [*SPAN, *query])["data"]:
            day = bucket["starting_at"][:10]
            older[day] = older.get(day, 0) + sum(row["output_tokens"] for row in bucket["results"])
        reports.append(older)
    newer: dict[str, int] = {}
    for row in rows(api, NEWER_USAGE, [*SPAN, DAY, *grouped("model")]):
        day = row["starting_at"][:10]
        newer[day] = newer.get(day, 0) + row["usage"]["output_tokens"]
    return [*reports, newer]


@pytest.fixture(scope="module")
def truth(world: World) -> tuple[dict[str, Decimal], dict[str, int]]:
    """What the days cost and put out."""
    costs = {str(day): 100 * world.billed(day) for day in DAYS}
    return costs, {str(day): sum(request.output for request in world.requests(day)) for day in DAYS}


# the fault, and what is left of the bill and of the use of its day: all, some or none
LOSSES = [
    ("late-bill", "none", "all"),
    ("late-bill-workspace", "some", "all"),
    ("late-bill-model", "some", "all"),
    ("lost-usage", "all", "none"),
    ("lost-bucket", "none", "none"),
    ("emptied", "none", "none"),
    ("halved", "some", "some"),
    ("missing-yesterday", "none", "all"),
]


@pytest.mark.long
@pytest.mark.parametrize(("fault", "bill", "use"), LOSSES)
def test_a_loss_is_the_same_however_it_is_asked(
    world: World, truth: tuple[dict[str, Decimal], dict[str, int]], fault: str, bill: str, use: str
) -> None:
    """What a day lacks, it lacks in every dialect, grain and grouping; other days are as they were."""
    api = api_of(world, faults=[f"{fault}={LATE}:always"])
    parts: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
        (billed(api), truth[0], bill),
        (output(api), truth[1], use),
    ]
    for shown, true, remainder in parts:
        late = {answer.get(str(LATE), 0) for answer in shown}
        assert len(late) == 1, shown
        share = late.pop()
        expected = {"none": share == 0, "all": share == true[str(LATE)], "some": 0 < share < true[str(LATE)]}
        assert expected[remainder], (fault, share)
        for answer in shown:
            assert all(answer[day] == true[day] for day in answer.keys() - {str(LATE)})
            assert len(answer.keys() | {str(LATE)}) == len(DAYS)


def test_an_empty_bucket_is_there_and_a_lost_one_is_not(world: World) -> None:
    """A late bill is an empty bucket, a lost bucket is none."""
    for fault, there in (("late-bill", True), ("emptied", True), ("lost-bucket", False), ("missing-yesterday", False)):
        buckets = api_of(world, faults=[f"{fault}={LATE}:always"]).get("cost_report", SPAN)["data"]
        results = [bucket["results"] for bucket in buckets if bucket["starting_at"].startswith(str(LATE))]
        assert results == ([[]] if there else [])


def test_a_credit_is_a_negative_line(world: World, truth: tuple[dict[str, Decimal], dict[str, int]]) -> None:
    """A credit of 250 dollars is a line of its own in the older dialect, a group below zero in the newer."""
    api = faulty(world, "credit")
    assert [report[str(LATE)] for report in billed(api)] == [truth[0][str(LATE)] - 25_000] * 4
    lines = [row for day in api.get("cost_report", [*SPAN, *BY_ALL])["data"] for row in day["results"]]
    assert [row["cost_type"] for row in lines if row["amount"].startswith("-")] == ["credit"]
    groups = rows(api, NEWER_COST, [*SPAN, DAY, *grouped("model", "api_key_id")])
    assert min(cents([row]) for row in groups) < 0


def test_claude_code_loses_days_too(world: World) -> None:
    """An emptied day is empty in the Claude Code report, a halved one has fewer tokens."""
    day = [("starting_at", str(LATE)), ("limit", "1000")]

    def tokens(api: Api) -> int:
        data = api.get("usage_report/claude_code", day)["data"]
        return sum(entry["tokens"]["output"] for row in data for entry in row["model_breakdown"])

    assert tokens(faulty(world, "emptied")) == 0
    assert 0 < tokens(faulty(world, "halved")) < tokens(api_of(world))
    assert api_of(world, faults=["empty-list:always"]).get("usage_report/claude_code", day)["data"] == []


def test_a_repeated_page_has_a_new_token(world: World) -> None:
    """The same page comes again under a token that was never told, in both dialects."""
    for path, params in (("usage_report/messages", [*SPAN, ("limit", "2")]), (NEWER_USAGE, [*SPAN, *grouped("model")])):
        query = [*params, ("limit", "2")]
        headers = {"x-api-key": KEY, "anthropic-version": "2026-10-21"}
        headers["anthropic-beta"] = "analytics-usage-cost-2026-08-24"
        api = api_of(world, faults=["repeated-page:always"])
        first = api.get(path, query, headers)
        second = api.get(path, [*query, ("page", first["next_page"])], headers)
        third = api.get(path, [*query, ("page", second["next_page"])], headers)
        assert first["data"] == second["data"] == third["data"]
        assert len({first["next_page"], second["next_page"], third["next_page"]}) == 3


def test_a_repeated_row_stands_in_either_dialect(world: World) -> None:
    """The first row of the first bucket, or of the page, comes twice."""
    api = api_of(world, faults=["repeated-row:always"])
    results = api.get("cost_report", [*SPAN, *BY_ALL])["data"][0]["results"]
    assert results[0] == results[1] != results[2]
    assert len({str(row) for row in rows(api, NEWER_COST, [*SPAN, *grouped("model")])}) > 1


def test_what_is_new_keeps_the_totals(world: World) -> None:
    """A new counter, cost_type, tier and kind of actor are there, and the newer total holds the new tokens."""
    hour = "ephemeral_1h_input_tokens"
    (plain,) = rows(api_of(world), NEWER_USAGE, SPAN)
    (row,) = rows(api_of(world, faults=["new-token-counter"]), NEWER_USAGE, SPAN)
    count = row["usage"]["cache_creation"]["ephemeral_24h_input_tokens"]
    assert count == plain["usage"]["cache_creation"][hour] > 0
    assert row["usage"]["total_tokens"] == plain["usage"]["total_tokens"] + count
    lines = api_of(world, faults=["new-cost-type"]).get("cost_report", [*SPAN, *BY_ALL])["data"]
    kinds = {(row["cost_type"], row["description"]) for day in lines for row in day["results"]}
    assert ("web_fetch", "Web Fetch Usage") in kinds
    tiers = [*SPAN, *grouped("service_tier")]
    assert "batch_lite" in {
        row["group"]["service_tier"] for row in rows(api_of(world, faults=["new-tier"]), NEWER_USAGE, tiers)
    }
    api = api_of(world, faults=["new-tier:always"])
    (lite,) = rows(api, NEWER_USAGE, [*tiers, ("service_tiers[]", "batch_lite")])
    assert lite["group"]["service_tier"] == "batch_lite"
    older = [*SPAN, ("group_by[]", "service_tier"), ("service_tiers[]", "batch_lite")]
    results = [row for bucket in api.get("usage_report/messages", older)["data"] for row in bucket["results"]]
    assert {row["service_tier"] for row in results} == {"batch_lite"}
    api = api_of(world, faults=["new-actors:always"])
    actors = [row["group"]["actor"] for row in rows(api, NEWER_USAGE, [*SPAN, *grouped("actor")])]
    teams = {actor["team_id"] for actor in actors if actor and actor["type"] == "team_actor"}
    assert len(teams) > 1


@pytest.mark.parametrize("fault", ["undated-models", "undated-models-cost"])
def test_models_without_a_date(world: World, fault: str) -> None:
    """Models are called by their undated ids in both reports, or in cost alone."""
    api = api_of(world, faults=[f"{fault}:always"])
    named = [
        {row["group"]["model"] for row in rows(api, path, [*SPAN, *grouped("model")])}
        for path in (NEWER_USAGE, NEWER_COST)
    ]
    assert "claude-sonnet-4-5" in named[1]
    assert ("claude-sonnet-4-5" in named[0]) == (fault == "undated-models")


def test_another_organization_answers(world: World) -> None:
    """Its rows and the id in the header are not ours."""
    answer = api_of(world, faults=["other-organization"]).ask("cost_report", SPAN)
    assert answer.status == 200
    assert answer.headers["anthropic-organization-id"] != world.organization.id


@pytest.mark.parametrize(
    "code", ["authorization_check_unavailable", "change_outcome_unknown", "workspace_created_incomplete"]
)
def test_codes_of_503(world: World, code: str) -> None:
    """A 503 may name one of three newer codes (drift)."""
    assert refusal(api_of(world, faults=[f"503-{code.replace('_', '-')}"]).ask("me")) == (503, code)


def test_what_is_no_report_may_come_under_200(world: World) -> None:
    """An error object and a page of HTML come under the status 200."""
    error, html = (
        api_of(world, faults=[name]).ask("cost_report", SPAN) for name in ("error-under-200", "html-under-200")
    )
    assert (error.status, html.status) == (200, 200)
    assert b"overloaded_error" in error.body
    assert html.headers["content-type"] == "text/html"


def test_a_day_is_for_faults_of_one_day() -> None:
    """A day behind a fault that is not of one day, and what is no day, are refused."""
    world = World(start=date(2026, 8, 1))
    for spec in ("429=2026-11-20", "late-bill=yesterday"):
        with pytest.raises(ValueError, match=r"one day|isoformat"):
            api_of(world, faults=[spec])


def test_losses_add_up(world: World) -> None:
    """Several faults of days hold together: one day late, another lost."""
    api = api_of(world, faults=[f"late-bill={DAYS[1]}", f"late-bill={DAYS[2]}", "extra-fields:always"])
    for report in billed(api):
        assert {day for day, cost in report.items() if cost} == {str(day) for day in (DAYS[0], DAYS[3], DAYS[4])}
