"""A report whose answers are errors alone is left out, all others are read, and the sync exits 4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.case import KEY, NOW, Case
from support.wire import Clock
from tallystick import Ledger
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.time import instant
from tallystick.errors import Refused, Unreachable
from tallystick.sync.outcome import Outcome

DAYS = "SELECT source, count(*) AS days FROM days GROUP BY 1 ORDER BY 1"
ORGANIZATION = "3f0c6a52-5d0b-4c57-9a35-7b1d2b8e4a10"
ERROR = {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}}


def failing(*paths: str, status: int = 500, named: bool = False) -> Any:
    """What answers with errors to these paths; `named`: the list of users names the organization in a header."""
    headers = {"content-type": "application/json"}

    def respond(path: str, *_: Any) -> Any:
        if path.removeprefix("/v1/organizations/") in paths:
            return status, headers, json.dumps(ERROR).encode()
        if named and path.endswith("/users"):
            body = {"data": [], "has_more": False, "first_id": None, "last_id": None}
            return 200, headers | {"anthropic-organization-id": ORGANIZATION}, json.dumps(body).encode()
        return None

    return respond


def days(case: Case) -> dict[str, int]:
    """How many days the ledger has of each source."""
    return {row["source"]: row["days"] for row in json.loads(case("sql", DAYS, "--format", "json").out)["rows"]}


def synced(case: Case, source: str, *, claude_code: bool = False) -> Outcome:
    """Sync with a client that has no patience and asks one thing at a time; the outcome has what could not be read."""
    options: dict[str, Any] = {"base_url": case.environment["TALLYSTICK_BASE_URL"], "patience": 0, "pace": None}
    with Client(Credential(KEY), clock=Clock(instant(NOW)), most_at_once=1, **options) as client:
        ledger = Ledger.open(case.ledger, clock=Clock(instant(NOW)))
        return ledger.sync("2026-11-20", source=source, claude_code=claude_code, client=client, partial=True)


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "path", "read"),
    [
        ("reports", "cost_report", {"usage": 9, "claude_code": 8}),
        ("reports", "usage_report/messages", {"cost": 8, "claude_code": 8}),
        ("reports", "usage_report/claude_code", {"cost": 8, "usage": 9}),
        ("analytics", "analytics/cost", {"analytics_usage": 9}),
        ("analytics", "analytics/usage", {"analytics_cost": 8}),
        ("auto", "analytics/cost", {"cost": 8, "usage": 9, "claude_code": 8}),
    ],
)
def test_one_report_that_fails_stops_no_other(case: Case, source: str, path: str, read: dict[str, int]) -> None:
    """Where one report answers with 500 for as long as patience lasts, the sync reads the others and exits 4."""
    with case.serve("small.py") as world:
        world.respond = failing(path)
        outcome = synced(case, source, claude_code=True)
    assert (outcome.exit_code, days(case)) == (4, read)
    assert all(f"/v1/organizations/{path}" in wrong.what for wrong in outcome.failures.values())


def test_a_second_report_that_fails_stops_the_sync(case: Case) -> None:
    """Two reports that answer with errors alone are an outage: no third is tried for minutes."""
    with case.serve("small.py") as world:
        world.respond = failing("cost_report", "usage_report/messages")
        with pytest.raises(
            Unreachable, match="The reports of cost and of usage give errors alone, so the sync stopped"
        ):
            synced(case, "reports", claude_code=True)
        assert not [path for path in world.log if "claude_code" in path]


@pytest.mark.long
@pytest.mark.parametrize("status", [403, 500])
def test_other_answers_tell_the_organization_where_its_address_does_not(case: Case, status: int) -> None:
    """Where `/me` is refused or failing, the header of another answer says whose the credential is."""
    with case.serve("small.py") as world:
        world.respond = failing("me", status=status, named=True)
        outcome = synced(case, "reports")
    assert (outcome.exit_code, days(case)) == ({403: 0, 500: 4}[status], {"cost": 8, "usage": 9})
    assert outcome.organization == ORGANIZATION


def test_a_sync_that_nothing_tells_the_organization_says_what_to_do(case: Case) -> None:
    """Where no answer says whose the credential is, nothing is read, and the error says which credential does."""
    with case.serve("small.py") as world:
        world.respond = failing("me", status=403)
        with pytest.raises(Refused, match="No other answer says whose it is") as refused:
            synced(case, "reports")
    assert refused.value.hint.startswith("Sync with an Admin key of the organization")


@pytest.mark.long
def test_a_list_that_is_asked_for_twice_fails_once(case: Case) -> None:
    """The workspaces, with and without the default one, are one list in what a sync could not read."""
    with case.serve("small.py") as world:
        world.respond = failing("workspaces")
        outcome = synced(case, "reports")
    assert (outcome.exit_code, [*outcome.failures]) == (4, ["the list of workspaces"])
