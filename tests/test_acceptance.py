"""Acceptance: child processes against the independent witness, whose totals are known to the last place.

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
from typing import Any
from urllib.parse import urlencode

import pytest
from reports.given import Run
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


@pytest.fixture(params=[0, 3], ids=["calm", "every third request refused"])
def witness(request: pytest.FixtureRequest) -> Iterator[ContractServer]:
    """The witness, calm or answering every third request with 429."""
    with ContractServer(TODAY, days=40, refuse_every=request.param) as server:
        yield server


def test_every_cent_and_token(witness: ContractServer, child: Tallystick, tmp_path: Path) -> None:
    """After one sync, spend and usage are what the API holds, to the last decimal and token, refused requests or not."""
    there = environment(witness, tmp_path / "ledger")
    done = child("sync", "--since", "10d", **there)
    assert (done.code, done.out, done.err) == (0, "", "")

    said = child("spend", "--by", "workspace", "--since", "10d", "--format", "json", **there).json
    assert Decimal(said["totals"]["billed"]) == witness.total_usd(ago(10), TODAY)
    expected = witness.usd_by_workspace(ago(10), TODAY)
    assert {row["workspace"]: Decimal(row["billed"]) for row in said["rows"]} == {
        workspace or "default": usd for workspace, usd in expected.items()
    }
    assert said["coverage"]["present"] == 10

    said = child("usage", "--by", "workspace", "--since", "10d", "--format", "json", **there).json
    tokens = witness.tokens(ago(10), TODAY)
    assert {name: said["totals"][name] for name in KINDS} == {name: tokens[kind] for name, kind in KINDS.items()}


def test_thirty_days_by_any_grouping(child: Tallystick, tmp_path: Path) -> None:
    """30 days of spend are one amount: ungrouped, by workspace, by description, and asked of the API itself."""
    with ContractServer(TODAY, days=40) as server:
        there = environment(server, tmp_path / "ledger")
        assert child("sync", "--since", "30d", **there).code == 0
        answers = {
            by: child("spend", "--by", by, "--since", "30d", "--format", "json", **there).json
            for by in ("", "workspace", "description")
        }
        asked = asked_of_the_api(server, ago(30), TODAY)
    for said in answers.values():
        assert Decimal(said["totals"]["billed"]) == sum(Decimal(row["billed"]) for row in said["rows"]) == asked
    assert asked == server.total_usd(ago(30), TODAY)
    assert {row["description"]: Decimal(row["billed"]) for row in answers["description"]["rows"]} == (
        server.usd_by_description(ago(30), TODAY)
    )


def test_the_running_day_is_no_zero(child: Tallystick, tmp_path: Path) -> None:
    """With the running day in the window, its tokens are there and its cost is named as missing."""
    with ContractServer(TODAY, days=40) as server:
        there = environment(server, tmp_path / "ledger")
        assert child("sync", "--since", f"{ago(2)}", **there).code == 0
        usage = child("usage", "--by", "day", "--since", f"{ago(2)}", "--format", "json", **there).json
        spend = child("spend", "--by", "day", "--since", f"{ago(2)}", "--format", "json", **there).json
    tokens = server.tokens(ago(2), TODAY + timedelta(days=1))
    assert {name: usage["totals"][name] for name in KINDS} == {name: tokens[kind] for name, kind in KINDS.items()}
    assert usage["coverage"]["running"] == [f"{TODAY}"]
    assert [row["day"] for row in spend["rows"]] == [f"{ago(2)}", f"{ago(1)}"]
    assert spend["coverage"]["absent"] == [f"{TODAY}"]
    assert Decimal(spend["totals"]["billed"]) == server.total_usd(ago(2), TODAY)


def test_names_of_the_directory(child: Tallystick, tmp_path: Path) -> None:
    """Workspaces, archived and default ones too, keys of one name and a deleted key have the right names."""
    with ContractServer(TODAY, days=40) as server:
        there = environment(server, tmp_path / "ledger")
        assert child("sync", "--since", "10d", **there).code == 0
    words = ("--since", "10d", "--format", "json")
    spend = child("spend", "--by", "workspace", *words, **there).json["rows"]
    assert {row["workspace"]: row["workspace_name"] for row in spend} == {
        "default": "Default",
        "wrkspc_01WitnessAtlas": "Atlas",
        "wrkspc_01WitnessClaudeCode": "Claude Code",
        "wrkspc_01WitnessClosed": "Old project",
    }
    keys = {row["key"]: row["key_name"] for row in child("usage", "--by", "key", *words, **there).json["rows"]}
    assert keys["apikey_01Witness01"] == keys["apikey_01Witness03"] == "web"
    assert keys["apikey_01WitnessDeleted"] == "apikey_01WitnessDeleted"
    assert "playground" in keys
    actors = {row["actor"]: row["actor_name"] for row in child("usage", "--by", "actor", *words, **there).json["rows"]}
    assert actors["user_01WitnessBen"] == "Ben"


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
