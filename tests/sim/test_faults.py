from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from support.newer_reports import COST as ANALYTICS_COST, DAILY, FANNED, NEW, SPAN, USAGE as ANALYTICS_USAGE, grouped
from support.simulator_api import NOW, Api, api_of
from tallystick.core.time import instant
from tallystick.sim import FAULTS, World

USAGE = "usage_report/messages"
COST = "cost_report"
WEEK = [("starting_at", "2026-11-08T00:00:00Z"), ("limit", "4")]


def troubled(world: World, *faults: str) -> Api:
    """The world behind a simulator with these faults."""
    return api_of(world, faults=faults)


def test_every_fault_explains_itself() -> None:
    """Fault names are unique, and each has a line of help."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.help for fault in FAULTS)


@pytest.mark.parametrize("spec", ["no-such-fault", "429:", "429:0", "429:often", "429:@0", "429:@", ""])
def test_a_spec_that_cannot_be_is_refused(world: World, spec: str) -> None:
    """An unknown fault, or a rhythm that is none, is a ValueError; an empty rhythm is the first request."""
    if spec == "429:":
        assert troubled(world, spec).ask("me").status == 429
        return
    with pytest.raises(ValueError, match=r"fault|how often"):
        troubled(world, spec)


@pytest.mark.parametrize(
    ("spec", "statuses"),
    [
        ("500", [500, 200, 200, 200, 200, 200]),
        ("500:once", [500, 200, 200, 200, 200, 200]),
        ("500:always", [500, 500, 500, 500, 500, 500]),
        ("500:3", [200, 200, 500, 200, 200, 500]),
        ("500:@3", [200, 200, 500, 200, 200, 200]),
    ],
)
def test_rhythms(world: World, spec: str, statuses: list[int]) -> None:
    """A fault strikes once, always, every n-th time or only the n-th time."""
    api = troubled(world, spec)
    assert [api.ask("me").status for _ in range(6)] == statuses


@pytest.mark.parametrize(
    ("name", "status", "headers"),
    [
        ("429", 429, {"retry-after"}),
        ("429-bare", 429, set()),
        ("429-stale-reset", 429, {"anthropic-ratelimit-requests-reset"}),
        ("500", 500, set()),
        ("503", 503, set()),
        ("504", 504, set()),
        ("529", 529, set()),
    ],
)
def test_errors(world: World, name: str, status: int, headers: set[str]) -> None:
    """An error has its status, the official body and the headers that its name says."""
    answer = troubled(world, name).ask("me")
    assert answer.status == status
    assert json.loads(answer.body)["request_id"] == answer.headers["request-id"]
    usual = {"date", "request-id", "anthropic-organization-id", "content-type"}
    assert answer.headers.keys() - usual == headers


def test_a_stale_reset_is_in_the_past(world: World) -> None:
    """The reset time of the stale 429 is before the simulated present."""
    answer = troubled(world, "429-stale-reset").ask("me")
    assert instant(answer.headers["anthropic-ratelimit-requests-reset"]) < NOW


def test_the_edge_speaks_html(world: World) -> None:
    """A 502 is a page of HTML."""
    answer = troubled(world, "502-html").ask("me")
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html")
    assert answer.body.startswith(b"<html>")


def test_slow_reset_and_truncated(world: World) -> None:
    """A slow answer has a delay, a reset one is cut, a truncated one is whole and not JSON."""
    assert troubled(world, "slow").ask("me").delay > 0
    cut = troubled(world, "reset").ask("me")
    assert cut.cut is not None
    assert 0 < cut.cut < len(cut.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(troubled(world, "truncated-json").ask("me").body)


def test_paging_faults(world: World) -> None:
    """Paging goes wrong without a token, with the same page again, and with a bucket told twice."""
    answer = troubled(world).get(USAGE, WEEK)
    missing = troubled(world, "has-more-without-token").get(USAGE, WEEK)
    assert (missing["has_more"], missing["next_page"]) == (True, None)
    api = troubled(world, "repeated-token")
    again = api.get(USAGE, [*WEEK, ("page", api.get(USAGE, WEEK)["next_page"])])
    assert again["data"] == answer["data"]
    api = troubled(world, "duplicate-bucket")
    after = api.get(USAGE, [*WEEK, ("page", api.get(USAGE, WEEK)["next_page"])])
    assert after["data"][0] == answer["data"][-1]


@pytest.mark.parametrize(("name", "status"), [("forget-cursor", 410), ("stale-cursor", 400)])
def test_cursors_are_forgotten(world: World, name: str, status: int) -> None:
    """Only a request with a page token finds its cursor gone."""
    api = troubled(world, name)
    token = ("page", api.get(USAGE, WEEK)["next_page"])
    assert api.ask(USAGE, [*WEEK, token]).status == status
    assert api.ask(USAGE, [*WEEK, token]).status == 200


def test_extra_fields(world: World) -> None:
    """Unknown fields appear at every level and an unknown cost type in cost; the amounts stay."""
    params = [*WEEK, ("group_by[]", "description")]
    extra, usual = troubled(world, "extra-fields").get(COST, params), troubled(world).get(COST, params)
    assert extra.keys() > usual.keys()
    assert extra["data"][0].keys() > usual["data"][0].keys()
    rows = [row for bucket in extra["data"] for row in bucket["results"]]
    assert "quantum_execution" in {row["cost_type"] for row in rows}
    assert [row["amount"] for row in rows] == [row["amount"] for bucket in usual["data"] for row in bucket["results"]]


@pytest.mark.parametrize(
    ("name", "good"), [("bad-amount-blank", False), ("bad-amount-exponent", False), ("negative-amount", True)]
)
def test_amounts(world: World, name: str, *, good: bool) -> None:
    """Exactly one amount of a cost page is blank, has an exponent, or is below zero."""
    api = troubled(world, name)
    assert api.get(USAGE, WEEK) == troubled(world).get(USAGE, WEEK)
    spoiled, usual = api.get(COST, WEEK), troubled(world).get(COST, WEEK)
    amounts = [[row["amount"] for bucket in page["data"] for row in bucket["results"]] for page in (spoiled, usual)]
    differing = [new for new, old in zip(*amounts, strict=True) if new != old]
    assert len(differing) == 1
    assert (good and Decimal(differing[0]) < 0) or differing[0] in ("", "1e3")


def test_yesterday_is_late(world: World) -> None:
    """The cost of yesterday is an empty bucket, or none at all; other days are not touched."""
    params = [("starting_at", "2026-11-19T00:00:00Z")]
    usual = troubled(world).get(COST, params)["data"]
    stale = troubled(world, "stale-yesterday").get(COST, params)["data"]
    assert stale == [*usual[:-1], usual[-1] | {"results": []}]
    assert troubled(world, "missing-yesterday").get(COST, params)["data"] == usual[:-1]


def test_a_restated_day_is_the_new_truth() -> None:
    """After the fault an old day reads higher, in usage and cost, and the truth says the same."""
    world = World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=20)
    api = troubled(world, "restated-day")
    day = [("starting_at", "2026-11-13T00:00:00Z"), ("limit", "1")]

    def read(path: str) -> dict[str, Any]:
        row: dict[str, Any] = api.get(path, day)["data"][0]["results"][0]
        return row

    before = read(USAGE)["output_tokens"]
    assert read(USAGE)["output_tokens"] > before
    assert Decimal(read(COST)["amount"]) == 100 * world.billed(date(2026, 11, 13))
    assert read(COST) == read(COST)


def test_faults_combine(world: World) -> None:
    """Several faults strike one after the other."""
    api = troubled(world, "429:@1", "500:@2", "slow:@3")
    answers = [api.ask("me") for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 500, 200]
    assert answers[2].delay > 0


NEWER = [*SPAN, ("time_bucket_width", "1d"), ("order_by", "time"), ("limit", "4"), *grouped("model", "product")]


@pytest.mark.parametrize("name", ["429", "429-bare", "529", "forget-cursor", "stale-cursor"])
def test_newer_reports_are_refused_too(world: World, name: str) -> None:
    """Errors befall the newer reports, those of cursors in the middle of paging, and then it goes on."""
    api = troubled(world, name)
    statuses = []
    for params in (NEWER, NEWER, NEWER):
        answer = api.ask(ANALYTICS_USAGE, params, NEW)
        statuses.append(answer.status)
        if answer.status == 200:
            token = ("page", json.loads(answer.body)["next_page"])
            statuses.append(api.ask(ANALYTICS_USAGE, [*params, token], NEW).status)
    status = int(name[:3]) if name[0].isdigit() else None
    gone = {"forget-cursor": 410, "stale-cursor": 400}.get(name)
    assert statuses == ([status, 200, 200, 200, 200] if status else [200, gone, 200, 200, 200, 200])


def test_paging_of_newer_reports_goes_wrong(world: World) -> None:
    """A page leads nowhere, to itself, or to its own last row; a row comes twice on a page."""
    answer = troubled(world).get(ANALYTICS_COST, NEWER, NEW)
    missing = troubled(world, "has-more-without-token").get(ANALYTICS_COST, NEWER, NEW)
    assert (missing["has_more"], missing["next_page"]) == (True, None)

    def second(name: str) -> list[dict[str, Any]]:
        api = troubled(world, name)
        token = ("page", api.get(ANALYTICS_COST, NEWER, NEW)["next_page"])
        data: list[dict[str, Any]] = api.get(ANALYTICS_COST, [*NEWER, token], NEW)["data"]
        return data

    assert second("repeated-token") == answer["data"]
    assert second("duplicate-bucket")[0] == answer["data"][-1]
    twice = troubled(world, "duplicate-row").get(ANALYTICS_COST, NEWER, NEW)["data"]
    assert twice == [answer["data"][0], *answer["data"]]


@pytest.mark.long
def test_a_refresh_midway() -> None:
    """After the fault a past day has grown and the cursor is gone, until paging begins again."""
    world = World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=20)
    api = troubled(world, "refreshed-midway")
    before = world.billed(date(2026, 11, 13))
    token = ("page", api.get(ANALYTICS_COST, NEWER, NEW)["next_page"])
    assert api.ask(ANALYTICS_COST, [*NEWER, token], NEW).status == 410
    token = ("page", api.get(ANALYTICS_COST, NEWER, NEW)["next_page"])
    assert api.ask(ANALYTICS_COST, [*NEWER, token], NEW).status == 200
    assert world.billed(date(2026, 11, 13)) > before


def test_newer_rows_are_spoiled(world: World) -> None:
    """Unknown fields and values, odd amounts and a missing yesterday befall rows that stand in no buckets."""
    params = [*DAILY, *grouped("product", "actor"), *FANNED]
    extra = troubled(world, "extra-fields").get(ANALYTICS_COST, params, NEW)
    assert "data_quality" in extra
    assert all("carbon_grams" in part for row in extra["data"] for part in (row, row["group"], row["cost"]))
    groups = [row["group"] for row in extra["data"]]
    assert {"quantum_execution"} < {group["cost_type"] for group in groups}
    assert {"claude_holodeck"} < {group["product"] for group in groups}
    assert {"robot_actor"} < {group["actor"]["type"] for group in groups if group["actor"]}
    for name, amount in (("bad-amount-blank", ""), ("bad-amount-exponent", "1e3")):
        assert troubled(world, name).get(ANALYTICS_COST, params, NEW)["data"][0]["cost"]["amount"] == amount
    recent = [("starting_at", "2026-11-20T00:00:00Z"), ("ending_at", "2026-11-22T00:00:00Z"), *DAILY[2:]]
    for name in ("stale-yesterday", "missing-yesterday"):
        report = troubled(world, name).get(ANALYTICS_COST, recent, NEW)["data"]
        assert [row["starting_at"][:10] for row in report] == ["2026-11-20"]


def test_faults_of_the_newer_reports_spare_the_older(world: World) -> None:
    """A fault of the newer dialect neither befalls nor counts the older reports."""
    api = troubled(world, "duplicate-row")
    assert api.get(COST, WEEK) == troubled(world).get(COST, WEEK)
    assert len(api.get(ANALYTICS_COST, NEWER, NEW)["data"]) == 5
