from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from support.newer_reports import USAGE, grouped, rows as newer
from support.simulator_api import HEADERS, NOW, Api, api_of
from tallystick.core.time import midnight
from tallystick.sim import Behavior, Discount, Request, Ticking, World

PATH = "usage_report/claude_code"
DAY, TODAY = date(2026, 11, 18), NOW.date()
ANY_PAGE = ("limit", "1000")
HOUR = timedelta(hours=1)
Tokens = Counter[tuple[str, str, str]]


@pytest.fixture(scope="module")
def coders() -> World:
    """A world in which keys and people with a seat use Claude Code too."""
    return World(start=date(2026, 8, 1), end=TODAY, requests_per_key_day=25, coding_keys=3, seats=2)


def rows(api: Api, day: date, limit: int = 1000) -> list[dict[str, Any]]:
    """Every row of a day, page after page."""
    params = [("starting_at", str(day)), ("limit", str(limit))]
    return [*api.buckets(PATH, params)]


def reported(entries: Iterable[dict[str, Any]]) -> Tokens:
    """Tokens by actor, model and kind, as reported."""
    result: Tokens = Counter()
    for entry in entries:
        name = entry["actor"].get("email_address") or entry["actor"]["api_key_name"]
        for part in entry["model_breakdown"]:
            for kind, count in part["tokens"].items():
                result[name, part["model"], kind] += count
    return +result


def true(world: World, requests: Iterable[Request]) -> Tokens:
    """The same, of the requests in the workspace "Claude Code"."""
    names = {user.id: user.email for user in world.organization.users}
    names |= {key.id: key.name for key in world.organization.keys}
    result: Tokens = Counter()
    for request in requests:
        if request.group.workspace == world.organization.coding.id:
            name, model = names[request.group.account or request.group.key or ""], request.group.model
            result[name, model, "input"] += request.uncached
            result[name, model, "output"] += request.output
            result[name, model, "cache_read"] += request.read
            result[name, model, "cache_creation"] += request.write_5m + request.write_1h
    return +result


@pytest.mark.parametrize("day", [DAY, date(2026, 11, 15), date(2026, 8, 1)])
def test_tokens_are_those_of_the_truth(world: World, api: Api, day: date) -> None:
    """By actor, model and kind, the tokens of a day are exactly those of the requests in its workspace."""
    tokens = reported(rows(api, day))
    assert tokens
    assert tokens == true(world, world.requests(day))


def test_it_agrees_with_the_usage_report(world: World, api: Api) -> None:
    """Its tokens of a day are those that usage reports of the workspace."""
    params = [("starting_at", f"{DAY}T00:00:00Z"), ("limit", "1"), ("workspace_ids[]", world.organization.coding.id)]
    (row,) = api.get("usage_report/messages", params)["data"][0]["results"]
    counts: Counter[str] = Counter()
    for (_, _, kind), count in reported(rows(api, DAY)).items():
        counts[kind] += count
    assert counts == {
        "input": row["uncached_input_tokens"],
        "output": row["output_tokens"],
        "cache_read": row["cache_read_input_tokens"],
        "cache_creation": sum(row["cache_creation"].values()),
    }


def test_the_estimate_is_whole_cents_of_the_bill(world: World, api: Api) -> None:
    """Each estimate is a whole number of cents, within half a cent of what was billed."""
    parts = [part["estimated_cost"] for entry in rows(api, DAY) for part in entry["model_breakdown"]]
    assert all(type(part["amount"]) is int and part["currency"] == "USD" for part in parts)
    coding = world.organization.coding.id
    billed = sum(request.cost() for request in world.requests(DAY) if request.group.workspace == coding)
    assert abs(2 * sum(part["amount"] for part in parts) - 200 * billed) <= len(parts)


def test_productivity_makes_sense(api: Api) -> None:
    """Every row has a session; there are commits, lines and tools, not more removed than added, and refusals."""
    entries = rows(api, DAY)
    metrics = [entry["core_metrics"] for entry in entries]
    assert all(0 < entry["num_sessions"] <= 24 for entry in metrics)
    assert all(entry["lines_of_code"]["removed"] <= entry["lines_of_code"]["added"] for entry in metrics)
    assert all(entry["pull_requests_by_claude_code"] <= entry["commits_by_claude_code"] for entry in metrics)
    assert any(entry["commits_by_claude_code"] for entry in metrics)
    actions = [action for entry in entries for action in entry["tool_actions"].values()]
    assert sum(action["accepted"] for action in actions) > sum(action["rejected"] for action in actions) > 0


def test_each_row_is_an_actor_and_a_place(coders: World) -> None:
    """A day has one row for each actor, terminal and local or remote use; of all of these there are several."""
    entries = rows(api_of(coders), DAY)
    assert {entry["actor"]["type"] for entry in entries} == {"user_actor", "api_actor"}
    assert {entry["is_remote"] for entry in entries} == {True, False}
    assert {"vscode", "iTerm.app", "tmux"} <= {entry["terminal_type"] for entry in entries}
    people = [entry for entry in entries if entry["actor"]["type"] == "user_actor"]
    places = {(entry["actor"]["email_address"], entry["terminal_type"], entry["is_remote"]) for entry in people}
    assert len(places) == len(people)


def test_two_keys_of_one_name_keep_their_rows(coders: World) -> None:
    """A key stands in the report by its name alone, and two of one name have rows of their own."""
    entries = [entry for entry in rows(api_of(coders), DAY) if entry["actor"]["type"] == "api_actor"]
    assert {entry["actor"]["api_key_name"] for entry in entries} == {"claude-code-ci", "claude-code-review"}
    assert all(entry["actor"].keys() == {"type", "api_key_name"} for entry in entries)
    assert reported(entries) == true(coders, (request for request in coders.requests(DAY) if request.group.key))


def test_seats_are_in_no_other_report(coders: World) -> None:
    """People with a seat have rows of a subscription, with the tokens of their own requests, and no billed ones."""
    entries = [entry for entry in rows(api_of(coders), DAY) if entry["customer_type"] == "subscription"]
    assert {entry["subscription_type"] for entry in entries} == {"team"}
    assert reported(entries) == true(coders, coders.seated(DAY))
    seated = {request.group.account for request in coders.seated(DAY)}
    assert len(seated) == 2
    assert not seated & {request.group.account for request in coders.requests(DAY)}


def test_without_seats_everyone_pays_by_the_token(api: Api) -> None:
    """The usual world has API customers only: people with a seat are missing, as they are in reality."""
    entries = rows(api, DAY)
    assert {(entry["customer_type"], entry["subscription_type"]) for entry in entries} == {("api", None)}
    assert len({entry["actor"]["email_address"] for entry in entries}) == 4


def test_the_options_only_add(world: World, coders: World) -> None:
    """Keys and seats that use Claude Code change no other request, and too many seats are refused."""
    new = {key.id for key in coders.organization.keys} - {key.id for key in world.organization.keys}
    assert len(new) == 3
    assert tuple(request for request in coders.requests(DAY) if request.group.key not in new) == world.requests(DAY)
    with pytest.raises(ValueError, match="0 to 3 seats"):
        World(start=date(2026, 8, 1), end=TODAY, seats=4)
    with pytest.raises(ValueError, match="-1 coding keys"):
        World(start=date(2026, 8, 1), end=TODAY, coding_keys=-1)


@pytest.mark.parametrize("enterprise", [False, True])
def test_the_newer_reports_call_it_claude_code(*, enterprise: bool) -> None:
    """What keys and people do in "Claude Code" is the product `claude_code`, of either kind of organization."""
    world = World(start=date(2026, 8, 1), end=TODAY, requests_per_key_day=25, coding_keys=3, enterprise=enterprise)
    params = [("starting_at", f"{DAY}T00:00:00Z"), ("ending_at", f"{DAY + timedelta(days=1)}T00:00:00Z")]
    truth = sum(r.output for r in world.requests(DAY) if r.group.workspace == world.organization.coding.id)
    report = newer(api_of(world), USAGE, [*params, ("limit", "1000"), ("products[]", "claude_code"), *grouped("actor")])
    service_accounts = sum(r.output for r in world.requests(DAY) if r.group.service_account) if enterprise else 0
    assert sum(row["usage"]["output_tokens"] for row in report) == truth + service_accounts
    kinds = {row["group"]["actor"]["type"] for row in report}
    assert kinds == {"user_actor", "service_account_actor" if enterprise else "api_actor"}
    for request in world.requests(DAY):
        if request.group.workspace == world.organization.coding.id:
            assert world.facet(request).product == "claude_code"


def test_seats_and_keys_are_discounted_too(coders: World) -> None:
    """A discount changes the bill of keys that use Claude Code, and no line of the report, which is at list price."""
    cheaper = World(
        start=date(2026, 8, 1),
        end=TODAY,
        requests_per_key_day=25,
        coding_keys=3,
        seats=2,
        discount=Discount(500, date(2026, 11, 1)),
    )
    assert cheaper.billed(DAY) * 2 == cheaper.listed(DAY) == coders.billed(DAY)
    assert rows(api_of(cheaper), DAY) == rows(api_of(coders), DAY)


@pytest.mark.parametrize("limit", [1, 3])
def test_pages_make_up_the_day(api: Api, limit: int) -> None:
    """Pages of any size hold the rows of the day, once each and in one order; the last has no token."""
    full = rows(api, DAY)
    assert rows(api, DAY, limit) == full == rows(api, DAY)
    assert len(full) > 6


def test_pages_stay_stable_while_the_day_goes_on(world: World) -> None:
    """The pages of the running day show the moment of the first, however long the walk takes."""
    api = api_of(world, clock=Ticking(NOW + 6 * HOUR, HOUR // 3))
    still = api_of(world, clock=Ticking(NOW + 6 * HOUR))
    assert rows(api, TODAY, 2) == rows(still, TODAY)
    assert len(rows(still, TODAY)) > 4


def test_the_running_day_lags_an_hour(world: World, api: Api) -> None:
    """Nothing younger than an hour shows, or than what the switch says."""
    for lag in (HOUR, 4 * HOUR):
        tokens = reported(rows(api_of(world, behavior=Behavior(code_lag=lag)), TODAY))
        assert tokens == true(world, world.between(midnight(TODAY), NOW - lag))
    assert reported(rows(api, TODAY))


@pytest.mark.parametrize("day", ["2026-11-23", "9999-12-31", "2026-07-31", "0001-01-01"])
def test_a_day_without_use_is_empty(api: Api, day: str) -> None:
    """A day to come, or before the organization was, has no rows."""
    assert api.get(PATH, [("starting_at", day)]) == {"data": [], "has_more": False, "next_page": None}


def test_the_first_hour_of_a_day_is_empty(world: World) -> None:
    """Until an hour after midnight the day shows nothing."""
    api = api_of(world, clock=Ticking(midnight(TODAY) + HOUR - timedelta(seconds=1)))
    assert rows(api, TODAY) == []


def test_the_usual_page_has_twenty_rows(coders: World) -> None:
    """Without a limit, a page has twenty rows."""
    page = api_of(coders).get(PATH, [("starting_at", str(DAY))])
    assert len(page["data"]) == 20
    assert page["has_more"]


@pytest.mark.parametrize(
    "params",
    [
        [],
        [("starting_at", "")],
        [("starting_at", "2026-11-18T00:00:00Z")],
        [("starting_at", "20261118")],
        [("starting_at", "2026-W47-3")],
        [("starting_at", "2026-11-31")],
        [("starting_at", "yesterday")],
        [("starting_at", "2026-11-18"), ("limit", "0")],
        [("starting_at", "2026-11-18"), ("limit", "1001")],
        [("starting_at", "2026-11-18"), ("limit", "-3")],
        [("starting_at", "2026-11-18"), ("limit", "many")],
        [("starting_at", "2026-11-18"), ("page", "page_")],
        [("starting_at", "2026-11-18"), ("page", "page_!!!")],
        [("starting_at", "2026-11-18"), ("page", "page_MjAyNS0wOS0yNFQwMDowMDowMFo=")],
    ],
)
def test_what_it_refuses(api: Api, params: list[tuple[str, str]]) -> None:
    """No day, anything but a day, a limit out of range and a false page token are a 400."""
    assert api.ask(PATH, params).status == 400


def test_a_cursor_belongs_to_its_query(world: World) -> None:
    """A page token under another day or limit is a 400, unless cursors are not bound."""
    for bound, status in ((True, 400), (False, 200)):
        api = api_of(world, behavior=Behavior(bound_cursors=bound))
        token = ("page", api.get(PATH, [("starting_at", str(DAY)), ("limit", "2")])["next_page"])
        assert api.ask(PATH, [("starting_at", str(DAY)), ("limit", "2"), token]).status == 200
        assert api.ask(PATH, [("starting_at", str(DAY)), ("limit", "3"), token]).status == status
        assert api.ask(PATH, [("starting_at", "2026-11-17"), ("limit", "2"), token]).status == status


def test_who_may_read_it(api: Api) -> None:
    """It is for Admin credentials."""
    assert api.ask(PATH, [("starting_at", str(DAY))], HEADERS | {"x-api-key": "sk-ant-api03-simulated"}).status == 403


def test_unknown_parameters(world: World) -> None:
    """An unknown parameter, such as the end of a range, is ignored, or refused in the strict mode."""
    for strict, status in ((False, 200), (True, 400)):
        api = api_of(world, behavior=Behavior(strict_parameters=strict))
        assert api.ask(PATH, [("starting_at", str(DAY)), ("ending_at", "2026-11-20")]).status == status
        assert api.ask(PATH, [("starting_at", str(DAY)), ANY_PAGE]).status == 200


# the official example, by type of value; `subscription_type` may be null too
TOOL = {"accepted": int, "rejected": int}
ROW = {
    "date": str,
    "actor": {"type": str, "email_address": str},
    "organization_id": str,
    "customer_type": str,
    "subscription_type": type(None),
    "terminal_type": str,
    "is_remote": bool,
    "core_metrics": {
        "num_sessions": int,
        "lines_of_code": {"added": int, "removed": int},
        "commits_by_claude_code": int,
        "pull_requests_by_claude_code": int,
    },
    "tool_actions": {"edit_tool": TOOL, "multi_edit_tool": TOOL, "notebook_edit_tool": TOOL, "write_tool": TOOL},
    "model_breakdown": [
        {
            "model": str,
            "tokens": {"input": int, "output": int, "cache_read": int, "cache_creation": int},
            "estimated_cost": {"currency": str, "amount": int},
        }
    ],
}
NEWER = {"is_remote", "subscription_type"}


def shape(value: Any) -> Any:
    """The keys of a JSON value, and the types in it; a list by its first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else type(value)


def test_rows_have_the_official_shape(world: World, api: Api) -> None:
    """A row has exactly the fields and types of the official example, its day at midnight, its organization's id."""
    for entry in rows(api, DAY):
        assert shape(entry) == ROW
        assert entry["date"] == "2026-11-18T00:00:00Z"
        assert entry["organization_id"] == world.organization.id


def test_rows_of_the_older_shape(world: World, api: Api) -> None:
    """The older shape has neither `is_remote` nor `subscription_type`, and the same tokens in fewer rows."""
    older = rows(api_of(world, behavior=Behavior(code_older=True)), DAY)
    assert all(shape(entry) == {name: ROW[name] for name in ROW.keys() - NEWER} for entry in older)
    assert len(older) < len(rows(api, DAY))
    assert reported(older) == reported(rows(api, DAY))


def test_late_requests_show(api: Api) -> None:
    """A day that is restated reports what arrived late."""
    world = World(start=date(2026, 8, 1), end=TODAY, requests_per_key_day=25)
    late = api_of(world)
    assert rows(late, DAY) == rows(api, DAY)
    world.restate(DAY)
    assert reported(rows(late, DAY)) == true(world, world.requests(DAY)) != reported(rows(api, DAY))


def test_no_number_depends_on_the_time_of_asking(world: World) -> None:
    """What an actor did in a terminal only grows while the day goes on."""
    early, later = (rows(api_of(world, clock=Ticking(NOW + hours * HOUR)), TODAY) for hours in (4, 9))

    def accepted(entries: list[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
        return {
            (*entry["actor"].values(), entry["terminal_type"], entry["is_remote"]): sum(
                action["accepted"] for action in entry["tool_actions"].values()
            )
            for entry in entries
        }

    before, after = accepted(early), accepted(later)
    assert before
    assert all(after[where] >= count for where, count in before.items())


def test_every_request_is_within_the_day(coders: World) -> None:
    """Requests of people with a seat stand in order of time, within the day, and nowhere before the organization."""
    times: list[datetime] = [request.at for request in coders.seated(DAY)]
    assert times == sorted(times)
    assert all(time.date() == DAY for time in times)
    assert coders.seated(date(2026, 7, 31)) == ()
