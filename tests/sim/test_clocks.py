"""The promise of the simulator: the same seed and day give the same requests, whatever the clock shows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings, strategies as st

from support.newer_reports import NEW
from support.simulator_api import HEADERS, api_of
from support.wire import KEY
from tallystick.core.time import midnight, text
from tallystick.sim import ANCHOR, Discount, Simulator, World

DAY = timedelta(days=1)
START = date(2026, 8, 20)


def span(first: date, days: int) -> list[tuple[str, str]]:
    """The window of some days from the first on."""
    return [("starting_at", text(midnight(first))), ("ending_at", text(midnight(first + DAY * days)))]


def rows(simulator: Simulator, path: str, params: list[tuple[str, str]], headers: dict[str, str]) -> list[str]:
    """Every row of a report, each as its bytes, in the order in which it comes."""
    lines: list[Any] = []
    query = params
    while query:
        answer = simulator.answer("GET", f"/v1/organizations/{path}?{urlencode(query)}", headers)
        assert answer.status == 200, answer.body
        page = json.loads(answer.body)
        for entry in page["data"]:
            lines += [[entry["starting_at"], row] for row in entry["results"]] if "results" in entry else [entry]
        query = [*params, ("page", page["next_page"])] if page["next_page"] else []
    return [*map(json.dumps, lines)]


def everything(world: World, now: datetime, first: date, days: int) -> dict[str, list[str]]:
    """What all reports say of some ended days, at an instant."""
    simulator = Simulator(world, clock=lambda: now)
    key = "sk-ant-api01-analytics" if world.enterprise else KEY
    newer = {**NEW, "x-api-key": key}
    by = [("group_by[]", name) for name in ("model", "actor", "product", "workspace_id")]
    wide, many = ("time_bucket_width", "1d"), ("limit", "1000")
    answers = {
        f"{path} {width}": rows(simulator, f"analytics/{path}", [*span(first, days), *by, width, many], newer)
        for path in ("usage", "cost")
        for width in (wide, ("time_bucket_width", "1h"))
    }
    if not world.enterprise:
        by = [("group_by[]", name) for name in ("model", "api_key_id", "workspace_id", "service_tier")]
        answers["usage"] = rows(simulator, "usage_report/messages", [*span(first, days), *by], HEADERS)
        hours = ("bucket_width", "1h")
        answers["hours"] = rows(simulator, "usage_report/messages", [*span(first, days), hours, *by[:2]], HEADERS)
        lines = [("group_by[]", "description"), ("group_by[]", "workspace_id")]
        answers["bill"] = rows(simulator, "cost_report", [*span(first, days), *lines], HEADERS)
        for age in range(days):
            day = [("starting_at", str(first + DAY * age)), ("limit", "3")]
            answers[f"claude code {age}"] = rows(simulator, "usage_report/claude_code", [*day], HEADERS)
    return answers


@pytest.mark.long
@settings(max_examples=12)
@given(
    seed=st.integers(1, 10_000),
    keys=st.integers(16, 30),
    age=st.integers(2, 60),
    days=st.integers(1, 2),
    hours=st.integers(1, 23),
    later=st.one_of(st.integers(1, 40), st.integers(41, 200)),
    enterprise=st.booleans(),
    permille=st.sampled_from([0, 120]),
)
def test_a_later_clock_changes_no_ended_day(
    seed: int, keys: int, age: int, days: int, hours: int, later: int, enterprise: bool, permille: int
) -> None:
    """Every day that was over at one clock is byte for byte the same at a later one, in every report and dialect."""
    first = ANCHOR - DAY * age
    earlier = midnight(first + DAY * days) + timedelta(hours=hours)  # the Claude Code report is an hour behind
    worlds = [
        World(
            start=START,
            seed=seed,
            keys=keys,
            requests_per_key_day=1,
            enterprise=enterprise,
            discount=Discount(permille, date.min),
        )
        for _ in range(2)
    ]
    before = everything(worlds[0], earlier, first, days)
    everything(worlds[1], earlier + DAY * later, first, 1)  # what was asked before does not matter either
    assert everything(worlds[1], earlier + DAY * later, first, days) == before
    assert any(before.values())


@pytest.mark.parametrize("options", [(), ("--days", "100"), ("--seed", "4", "--enterprise")])
def test_the_command_serves_one_organization_at_every_clock(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sim serve --now` shows another instant of the same organization, not another organization."""
    from tallystick import sim
    from tallystick.cli.simulate import serve_command

    served: list[Simulator] = []

    class Quiet:
        url = "http://127.0.0.1:0"

        def run(self) -> None:
            """Serve nothing."""

    def keep(simulator: Simulator, **_: object) -> Quiet:
        served.append(simulator)
        return Quiet()

    monkeypatch.setattr(sim, "serve", keep)  # the command serves until it is stopped; only its world is of interest
    for now in ("2026-11-02T09:30:00Z", "2026-11-28T21:00:00Z", "2027-05-03T00:00:01Z"):
        serve_command.main(["--now", now, *options], standalone_mode=False)
    worlds = [simulator.world for simulator in served]
    for day in (date(2026, 8, 30), date(2026, 10, 10), date(2026, 11, 1)):
        assert worlds[0].requests(day) == worlds[1].requests(day) == worlds[2].requests(day) != ()
        assert worlds[0].services(day) == worlds[2].services(day)
    assert worlds[0].organization == worlds[2].organization
    assert worlds[0].plants == worlds[2].plants


def test_the_directory_follows_the_clock() -> None:
    """A key is active until its end, a workspace live until it is archived, an invitation there once it is sent."""
    world = World(start=START, requests_per_key_day=1)
    moments = [midnight(ANCHOR) - DAY * 50, midnight(ANCHOR) + DAY]
    names = [("include_archived", "true"), ("limit", "1000")]

    def listing(now: datetime, path: str) -> dict[str, Any]:
        api = api_of(world, clock=lambda: now)
        return {entry["id"]: entry for entry in api.get(path, names if path == "workspaces" else names[1:])["data"]}

    before, after = (listing(now, "api_keys") for now in moments)
    assert {key["status"] for key in before.values()} == {"active"}
    assert {key["status"] for key in after.values()} == {"active", "inactive", "archived", "expired"}
    assert len(before) == len(after) + 1
    before, after = (listing(now, "workspaces") for now in moments)
    assert sum(entry["archived_at"] is not None for entry in before.values()) == 0
    assert sum(entry["archived_at"] is not None for entry in after.values()) == 1
    before, after = (listing(now, "invites") for now in moments)
    assert sorted(entry["status"] for entry in after.values()) == ["accepted", "expired", "pending"]
    assert sorted(entry["status"] for entry in before.values()) == ["accepted", "expired"]


def test_what_ended_comes_again() -> None:
    """A runaway loop after the anchor comes every nine weeks, so that a demonstration of next year finds one too."""
    world = World(start=START, requests_per_key_day=2)
    loop = next(plant for plant in world.plants if plant.kind == "runaway loop")
    holds = [loop.first + DAY * age for age in range(-70, 200) if loop.on(loop.first + DAY * age)]
    assert holds == [loop.first + DAY * 63 * season for season in range(4)]


def test_models_end_with_their_retirement() -> None:
    """From the day of its retirement on nobody calls Claude Sonnet 4.5 (drift: 2026-11-30)."""
    world = World(start=START, requests_per_key_day=40)
    models = [{request.group.model for request in world.requests(date(2026, 11, day))} for day in (29, 30)]
    assert ["claude-sonnet-4-5-20250929" in names for names in models] == [True, False]


def test_a_clock_before_the_opening_is_refused() -> None:
    """A clock that shows a day before the organization opened is asked wrongly, and the message says the day."""
    from tallystick.cli.simulate import simulator
    from tallystick.errors import InvalidQuestion

    with pytest.raises(InvalidQuestion, match="2026-07-25"):
        simulator(lambda: datetime(2026, 7, 25, 12, tzinfo=UTC), days=120)
