"""Who may ask by HTTP, and what of the ledger: as on the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp.client import Client

from support.command import Tallystick
from support.model import by_http, by_stdio, served
from support.wire import NOW
from tallystick import Ledger
from tallystick.settings import Settings
from tallystick.web.access import Access
from tallystick.web.tokens import Tokens, new_token

OWNERS = '[[owner]]\nteam = "alpha"\nworkspace = "Research"\n[[owner]]\nteam = "beta"\n'
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@dataclass(frozen=True)
class Door:
    """A server with tokens, by name, and the settings of its ledger."""

    url: str
    tokens: dict[str, str]
    settings: Settings

    def ask(self, token: str, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """The result of a call with the token of that name."""

        async def asked(client: Client) -> types.CallToolResult:
            return await client.call_tool(tool, arguments)

        return by_http(self.url, asked, self.tokens[token])


@pytest.fixture(scope="module")
def door(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server of a ledger of two teams: a token of all, and one of a team."""
    folder = tmp_path_factory.mktemp("door")
    secrets, parts = {}, []
    for name, teams in (("finance", ()), ("alpha", ("alpha",))):
        secrets[name], lines = new_token(name, teams)
        parts.append(lines)
    (folder / "tokens.toml").write_text("\n".join(parts), encoding="utf-8")
    config = folder / "tallystick.toml"
    config.write_text(OWNERS, encoding="utf-8")
    environment = {"TALLYSTICK_NOW": NOW.isoformat()}
    settings = Settings.load(config=str(config), ledger=str(full), environment=environment)
    with served(settings, Access(Tokens.read(folder / "tokens.toml"))) as url:
        yield Door(url, secrets, settings)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer tally-wrong"}, 401),
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
    ],
)
def test_nobody_else_is_answered(door: Door, headers: dict[str, str], status: int) -> None:
    """Without a known token, by another host name or from a page of another site nothing is told."""
    with httpx2.Client() as client:
        answer = client.post(door.url, json=PING, headers={"accept": "application/json, text/event-stream", **headers})
    assert answer.status_code == status
    assert "spend" not in answer.text


def test_a_team_sees_its_own_charges(door: Door) -> None:
    """A token of a team is told that team's charges, in total and by key; the whole ledger's token all of them."""
    ledger = Ledger.of(door.settings)
    for token, where in (("finance", None), ("alpha", {"team": "alpha"})):
        result = door.ask(token, "spend", {"by": "workspace", "since": "mtd"})
        expected = ledger.spend(by="workspace", since="mtd", where=where, top=10)
        assert isinstance(result.structured_content, dict)
        assert result.structured_content["totals"] == expected.written()["totals"]
        names = {row[1] for row in result.structured_content["rows"]}
        assert names == {row["workspace_name"] for row in expected.rows}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("cache", {}),
        ("keys", {}),
        ("anomalies", {}),
        ("ask", {"report": "reconcile"}),
        ("ask", {"report": "days"}),
        ("spend", {"where": {"team": "beta"}}),
        ("spend", {"where": {"workspace": "Production"}}),
        ("why", {"where": {"workspace": "Production"}}),
    ],
)
def test_a_team_sees_nothing_of_another(door: Door, tool: str, arguments: dict[str, Any]) -> None:
    """What cannot be held to the team, or names what another team has, is refused without a figure."""
    result = door.ask("alpha", tool, arguments)
    assert result.is_error
    assert result.structured_content is None


def test_a_token_is_of_its_request_alone(door: Door) -> None:
    """Two tokens in turn are each told what is theirs: no session outlives its request."""
    totals = [
        door.ask(token, "spend", {"by": "", "since": "mtd"}).structured_content["totals"]["billed"]
        for token in ("finance", "alpha", "finance")
    ]
    assert totals[0] == totals[2] != totals[1]


def test_a_large_request_is_refused(door: Door) -> None:
    """A request of more than 64 kB is not read."""
    headers = {"authorization": f"Bearer {door.tokens['finance']}", "accept": "application/json, text/event-stream"}
    with httpx2.Client() as client:
        answer = client.post(door.url, json={**PING, "params": {"cursor": "x" * 100_000}}, headers=headers)
    assert answer.status_code == 413


def test_tokens_are_for_http(tmp_path: Path) -> None:
    """A token file of a server by stdio is refused, for it would hold nobody off."""
    from click.testing import CliRunner

    from tallystick.cli import cli
    from tallystick.errors import InvalidQuestion

    result = CliRunner().invoke(cli, ["mcp", "--token-file", str(tmp_path / "tokens.toml")])
    assert isinstance(result.exception, InvalidQuestion)


@pytest.mark.long
def test_a_process_can_be_held_to_a_team(door: Door, full: Path, tmp_path: Path) -> None:
    """By stdio `--team` shows what a token of that team sees, and refuses what it is refused."""
    file = tmp_path / "tallystick.toml"
    file.write_text(OWNERS, encoding="utf-8")
    calls = [("spend", {"by": "workspace", "since": "mtd"}), ("cache", {}), ("spend", {"where": {"team": "beta"}})]

    async def asked(client: Client) -> list[types.CallToolResult]:
        return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    results = by_stdio(full, NOW.isoformat(), asked, "--config", str(file), "--team", "alpha")
    for result, (tool, arguments) in zip(results, calls, strict=True):
        assert result.structured_content == door.ask("alpha", tool, arguments).structured_content
    assert [result.is_error for result in results] == [False, True, True]


def test_a_team_of_no_rule_is_refused(tallystick: Tallystick) -> None:
    """A process is held to no team that owner rules do not name, nor by --team where tokens name teams."""
    assert "No owner rule names the team 'x'" in tallystick("mcp", "--team", "x").err
    assert tallystick("mcp", "--team", "x", "--http").code == 2
