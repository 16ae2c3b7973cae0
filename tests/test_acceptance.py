"""Acceptance: the command line against the independent witness, whose totals are known to the last place.

The witness was written from the contract alone; neither it nor these sums share code with tallystick.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from support.command import Run
from witness.contract_server import ContractServer

Tallystick = Callable[..., Run]
TODAY = date(2026, 11, 22)
KINDS = {
    "uncached_input": "uncached_input_tokens",
    "cache_write_5m": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "output": "output_tokens",
    "web_searches": "web_search_requests",
}


def ago(days: int) -> date:
    """The day so many days before the running one."""
    return TODAY - timedelta(days=days)


def environment(server: ContractServer, ledger: Path) -> dict[str, str]:
    """What a child process needs to know."""
    return {
        "TALLYSTICK_BASE_URL": server.url,
        "ANTHROPIC_ADMIN_KEY": server.key,
        "TALLYSTICK_NOW": f"{server.now:%Y-%m-%dT%H:%M:%SZ}",
        "TALLYSTICK_LEDGER": str(ledger),
    }


class Synced(NamedTuple):
    """The witness, and what a process needs to know to ask the ledger that was synced from it."""

    server: ContractServer
    there: dict[str, str]


@pytest.fixture(scope="module")
def synced(child: Tallystick, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """The witness and its last 30 days, the running one too, read by one sync in a process of its own."""
    with ContractServer(TODAY, days=40) as server:
        there = environment(server, tmp_path_factory.mktemp("acceptance") / "ledger")
        done = child("sync", "--since", f"{ago(30)}", **there)
        assert (done.code, done.out) == (0, ""), done.err
        yield Synced(server, there)


@pytest.fixture
def ask(synced: Synced, tallystick: Tallystick) -> Callable[..., Any]:
    """Asks that ledger by the command line in this process, which spares most questions the start of another."""
    return lambda *words: tallystick(*words, "--format", "json", **synced.there).json


def agreed(server: ContractServer, spend: Any, usage: Any, start: date) -> None:
    """The answers since `start`, by workspace, are the witness's to the last decimal and token."""
    assert Decimal(spend["totals"]["billed"]) == server.total_usd(start, TODAY)
    assert {row["workspace"]: Decimal(row["billed"]) for row in spend["rows"]} == {
        workspace or "default": usd for workspace, usd in server.usd_by_workspace(start, TODAY).items()
    }
    assert spend["coverage"]["present"] == (TODAY - start).days
    tokens = server.tokens(start, TODAY)
    assert {name: usage["totals"][name] for name in KINDS} == {name: tokens[kind] for name, kind in KINDS.items()}
    for name in KINDS:
        assert sum(row[name] for row in usage["rows"]) == usage["totals"][name]


@pytest.mark.long
def test_every_cent_and_token(synced: Synced, child: Tallystick) -> None:
    """After one sync, spend and usage are what the API holds, in total and per workspace."""
    words = ("--by", "workspace", "--since", "30d", "--format", "json")
    spend, usage = (child(report, *words, **synced.there).json for report in ("spend", "usage"))
    agreed(synced.server, spend, usage, ago(30))


@pytest.mark.long
def test_every_third_request_refused(child: Tallystick, tallystick: Tallystick, tmp_path: Path) -> None:
    """Where the API answers every third request with 429, a sync takes longer and loses nothing."""
    with ContractServer(TODAY, days=40, refuse_every=3) as server:
        there = environment(server, tmp_path / "ledger")
        done = child("sync", "--since", "10d", **there)
    assert (done.code, done.out) == (0, ""), done.err
    words = ("--by", "workspace", "--since", "10d", "--format", "json")
    agreed(server, tallystick("spend", *words, **there).json, tallystick("usage", *words, **there).json, ago(10))


@pytest.mark.long
def test_thirty_days_by_any_grouping(synced: Synced, ask: Callable[..., Any]) -> None:
    """30 days of spend are one amount: ungrouped, by workspace, by description, and asked of the API itself."""
    api_total = asked_of_the_api(synced.server, ago(30), TODAY)
    assert api_total == synced.server.total_usd(ago(30), TODAY)
    for by in ("", "workspace", "description"):
        answer = ask("spend", "--by", by, "--since", "30d")
        assert Decimal(answer["totals"]["billed"]) == sum(Decimal(row["billed"]) for row in answer["rows"]) == api_total
        if by == "description":
            by_description = {row["description"]: Decimal(row["billed"]) for row in answer["rows"]}
            assert by_description == synced.server.usd_by_description(ago(30), TODAY)


@pytest.mark.long
def test_the_running_day_is_no_zero(synced: Synced, ask: Callable[..., Any]) -> None:
    """With the running day in the window, its tokens are there and its cost is named as missing."""
    usage = ask("usage", "--by", "day", "--since", f"{ago(2)}")
    spend = ask("spend", "--by", "day", "--since", f"{ago(2)}")
    tokens = synced.server.tokens(ago(2), TODAY + timedelta(days=1))
    assert {name: usage["totals"][name] for name in KINDS} == {name: tokens[kind] for name, kind in KINDS.items()}
    assert usage["coverage"]["running"] == [f"{TODAY}"]
    assert [row["day"] for row in spend["rows"]] == [f"{ago(2)}", f"{ago(1)}"]
    assert spend["coverage"]["absent"] == [f"{TODAY}"]
    assert Decimal(spend["totals"]["billed"]) == synced.server.total_usd(ago(2), TODAY)


@pytest.mark.long
def test_names_of_the_directory(ask: Callable[..., Any]) -> None:
    """Workspaces, archived and default ones too, keys of one name and a deleted key have the right names."""
    spend = ask("spend", "--by", "workspace")["rows"]
    assert {row["workspace"]: row["workspace_name"] for row in spend} == {
        "default": "Default",
        "wrkspc_01WitnessAtlas": "Atlas",
        "wrkspc_01WitnessClaudeCode": "Claude Code",
        "wrkspc_01WitnessClosed": "Old project",
    }
    rows = ask("usage", "--by", "key,actor")["rows"]
    keys = {row["key"]: row["key_name"] for row in rows}
    assert keys["apikey_01Witness01"] == keys["apikey_01Witness03"] == "web"
    assert keys["apikey_01WitnessDeleted"] == "apikey_01WitnessDeleted"
    assert "playground" in keys
    assert {row["actor"]: row["actor_name"] for row in rows}["user_01WitnessBen"] == "Ben"


@pytest.mark.long
@pytest.mark.parametrize(("key", "status"), [("sk-ant-admin01-wrong", "401"), (ContractServer.plain_key, "403")])
def test_a_refused_key(child: Tallystick, tmp_path: Path, key: str, status: str) -> None:
    """A key that is wrong, or without Admin rights, exits 3 with the reason, and is not printed."""
    with ContractServer(TODAY, days=2) as server:
        run = child("sync", **{**environment(server, tmp_path / "ledger"), "ANTHROPIC_ADMIN_KEY": key})
    run.refused(3, status)
    assert key not in run.err


def asked_of_the_api(server: ContractServer, start: date, end: date) -> Decimal:
    """The sum of an ungrouped cost report, page by page, by the standard library alone."""
    cents: dict[str, Decimal] = defaultdict(Decimal)
    page: dict[str, Any] = {"next_page": None, "has_more": True}
    while page["has_more"]:
        query = {"starting_at": f"{start}T00:00:00Z", "ending_at": f"{end}T00:00:00Z", "limit": "9"}
        query |= {"page": page["next_page"]} if page["next_page"] else {}
        request = urllib.request.Request(  # noqa: S310 - this machine
            f"{server.url}/v1/organizations/cost_report?{urlencode(query)}",
            headers={"x-api-key": server.key, "anthropic-version": "2023-06-01"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - this machine
            page = json.load(answer)
        for bucket in page["data"]:
            for row in bucket["results"]:
                cents[row["currency"]] += Decimal(row["amount"])
    assert set(cents) == {"USD"}
    assert server.now == datetime.combine(TODAY, time(15, 30), UTC)
    return cents["USD"].scaleb(-2)
