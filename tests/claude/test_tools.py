"""Each tool answers what its command answers, over every transport, shortly and with its warnings."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from support.command import Tallystick
from support.model import by_http, by_stdio, in_process, served
from support.organization import NOW
from tallystick import Ledger
from tallystick.catalog import CATALOG
from tallystick.core.text import inert
from tallystick.mcp.listing import LEFT_OUT, TOOLS
from tallystick.mcp.reply import BYTES
from tallystick.mcp.server import described
from tallystick.settings import Settings

AT = NOW.isoformat()
CALLS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("status", {}, ["status"]),
    (
        "spend",
        {"by": "key", "since": "mtd", "compare": "previous"},
        ["spend", "--by", "key", "--since", "mtd", "--compare", "previous"],
    ),
    (
        "spend",
        {"by": ["day", "model"], "where": {"model": "claude-opus-*", "kind!": "output"}},
        ["spend", "--by", "day,model", "--where", "model=claude-opus-*", "--where", "kind!=output"],
    ),
    ("usage", {"by": "model", "since": "today"}, ["usage", "--by", "model", "--since", "today"]),
    ("cache", {"by": "model", "month": "2026-10"}, ["cache", "--by", "model", "--month", "2026-10"]),
    ("keys", {"since": "mtd"}, ["keys", "--since", "mtd"]),
    ("why", {"month": "mtd", "by": "key"}, ["variance", "--month", "mtd", "--by", "key"]),
    ("anomalies", {"since": "30d"}, ["anomalies", "--since", "30d"]),
    ("forecast", {"by": "model"}, ["forecast", "--by", "model"]),
    ("ask", {"report": "reconcile", "values": {"since": "mtd"}}, ["reconcile", "--since", "mtd"]),
    (
        "ask",
        {"report": "whatif", "values": {"swap": ["claude-opus-5-5=claude-haiku-5-5"]}},
        ["whatif", "--swap", "claude-opus-5-5=claude-haiku-5-5"],
    ),
    (
        "ask",
        {"report": "prices", "values": {"history": True, "model": "claude-opus-5-5"}},
        ["prices", "claude-opus-5-5", "--history"],
    ),
    ("ask", {"report": "summary", "values": {"month": "2026-10"}}, ["summary", "--month", "2026-10"]),
]


def settings(ledger: Path) -> Settings:
    """The settings of a server of a ledger, at the pinned present."""
    return Settings.load(ledger=str(ledger), environment={"TALLYSTICK_NOW": AT})


async def every(client: Client) -> list[types.CallToolResult]:
    """The result of each call, in full."""
    return [await client.call_tool(tool, {**arguments, "full": True}) for tool, arguments, _ in CALLS]


def said(result: types.CallToolResult) -> dict[str, Any]:
    """The answer of a result, which its text has too."""
    [content] = result.content
    assert isinstance(content, types.TextContent)
    assert not result.is_error, content.text
    answer: dict[str, Any] = json.loads(content.text)
    assert answer == result.structured_content
    return answer


def tables(answer: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of each table of an answer, by column."""
    parts = answer.get("sections", [answer])
    return [[dict(zip(part["columns"], row, strict=True)) for row in part["rows"]] for part in parts if "rows" in part]


def printed(written: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of each table that a command printed as JSON; a name cannot steer a terminal."""
    parts = [section["answer"] for section in written["sections"]] if "sections" in written else [written]
    return [
        [{name: inert(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in part["rows"]]
        for part in parts
        if part
    ]


@pytest.mark.long
@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_tool_answers_what_its_command_answers(book: Ledger, tallystick: Tallystick, transport: str) -> None:
    """Rows, figures, totals and warnings of each tool are those of the command's JSON, by both transports."""
    if transport == "stdio":
        results = by_stdio(book.path, AT, every)
    else:
        with served(settings(book.path)) as url:
            results = by_http(url, every)
    assert {tool for tool, *_ in CALLS} == {tool.name for tool in TOOLS} - {"budgets"}
    for result, (_, _, words) in zip(results, CALLS, strict=True):
        answer, written = said(result), tallystick(*words, "--json").json
        assert tables(answer) == printed(written), words
        assert answer["warnings"] == [inert(text) for text in written["warnings"]], words
        if "totals" in written:
            assert answer.get("totals", {}) == written["totals"], words
        if "figures" in written:
            assert [figure["value"] for figure in answer["figures"]] == [
                figure["value"] for figure in written["figures"]
            ]


def test_budgets_are_those_of_the_command(book: Ledger, tallystick: Tallystick, tmp_path: Path) -> None:
    """The tool `budgets` answers what `budget` answers; without any budget it says how to set one."""
    config = tmp_path / "tallystick.toml"
    config.write_text('[[budget]]\nname = "all"\namount = "100"\nevery = "month"\n', encoding="utf-8")
    known = Settings.load(config=str(config), ledger=str(book.path), environment={"TALLYSTICK_NOW": AT})

    async def asked(client: Client) -> types.CallToolResult:
        return await client.call_tool("budgets", {})

    written = tallystick("budget", "--json", "--config", str(config)).json
    assert tables(said(in_process(known, asked))) == printed(written)
    none = in_process(settings(book.path), asked)
    assert none.is_error
    assert "no budget" in str(none.content)


def test_a_reply_is_short_and_says_what_is_left_out(book: Ledger) -> None:
    """Unless asked in full a reply has at most `BYTES` bytes, and counts the rows that it lacks."""

    async def both(client: Client) -> list[tuple[types.CallToolResult, types.CallToolResult]]:
        calls = [
            *((tool, arguments) for tool, arguments, _ in CALLS),
            ("forecast", {"by": "day"}),
        ]
        return [
            (await client.call_tool(tool, call), await client.call_tool(tool, {**call, "full": True}))
            for tool, call in calls
        ]

    results = in_process(settings(book.path), both)
    for short, full in results:
        brief, whole = said(short), said(full)
        assert len(json.dumps(brief, ensure_ascii=False, separators=(",", ":")).encode()) <= BYTES
        assert brief["warnings"] == whole["warnings"]
        assert brief.get("totals") == whole.get("totals")
    days, all_days = map(said, results[-1])
    assert len(days["rows"]) + days["left_out"]["rows"] == len(all_days["rows"])
    spend = said(results[1][0])
    assert [row[0] for row in spend["rows"]][-1] == "others"


def test_descriptions_are_few_and_small() -> None:
    """At most ten tools, each read-only with both schemas, in at most 7,900 bytes, which is under 2,000 tokens."""
    tools = described()
    listed = json.dumps([tool.model_dump(by_alias=True, exclude_none=True) for tool in tools], separators=(",", ":"))
    assert len(tools) <= 10
    assert len(listed.encode()) <= 7_900
    for tool in tools:
        assert tool.annotations
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.open_world_hint is False
        assert tool.output_schema
        assert tool.input_schema["additionalProperties"] is False


def test_every_report_can_be_asked_but_those_left_out() -> None:
    """A report has a tool or is one of `ask`, or is left out with a reason; what asks the API is left out."""
    reports = {report for tool in TOOLS for report in (getattr(tool, "reports", None) or (tool.report,))}
    assert reports | {*LEFT_OUT} == {listed.name for listed in CATALOG}
    assert not reports & {*LEFT_OUT}
    assert not [listed.name for listed in CATALOG if listed.report.api and listed.name in reports]


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        ("spend", {"bi": "key"}, "no parameter 'bi'"),
        ("spend", {"by": "colour"}, "colour"),
        ("spend", {"where": "model"}, "`where` is no object"),
        ("spend", {"top": "many"}, "no count"),
        ("spend", {"where": {"team": "nobody"}}, "nobody"),
        ("ask", {"report": "sql", "values": {"query": "SELECT 1"}}, "asks no report 'sql'"),
        ("ask", {"report": "verify"}, "asks no report"),
        ("ask", {"report": "limits"}, "asks no report"),
        ("ask", {}, "asks no report"),
        ("ask", {"report": "spend"}, "asks no report"),
        ("ask", {"report": "days", "since": "7d"}, "`values`"),
        ("ask", {"report": "days", "values": {"from": "7d"}}, "no parameter 'from'"),
    ],
)
def test_a_wrong_call_says_how_to_mend_it(book: Ledger, tool: str, arguments: dict[str, Any], word: str) -> None:
    """What cannot be asked is an error of the tool that a model can read, and no traceback."""
    result = in_process(settings(book.path), lambda client: client.call_tool(tool, arguments))
    [content] = result.content
    assert isinstance(content, types.TextContent)
    assert result.is_error
    assert word in content.text
    assert "Traceback" not in content.text


def test_tools_write_nothing_and_reach_no_network(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every tool no file of the ledger is new or changed, and nobody was called."""

    def refused(*_: object) -> None:
        raise AssertionError("a tool reached a network")

    async def asked(client: Client) -> None:
        monkeypatch.setattr(socket.socket, "connect", refused)
        for tool, arguments, _ in CALLS:
            await client.call_tool(tool, arguments)

    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
    in_process(settings(copy), asked)
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()} == before


def test_without_a_ledger_a_tool_says_so(path: Path) -> None:
    """A tool of a ledger that is not there is an error that says what to run, and names no folder."""
    result = in_process(settings(path), lambda client: client.call_tool("status", {}))
    assert result.is_error
    assert "There is no ledger" in str(result.content)
    assert str(path) not in str(result.content)


def test_a_damaged_ledger_names_no_folder(tmp_path: Path) -> None:
    """A ledger that cannot be read is an error of the tool, without the folders of this machine."""
    log = tmp_path / "ledger" / "versions" / "_delta_log" / f"{0:020}.json"
    log.parent.mkdir(parents=True)
    log.write_text("no log", encoding="utf-8")
    result = in_process(settings(tmp_path / "ledger"), lambda client: client.call_tool("status", {}))
    assert result.is_error
    assert "ledger" in str(result.content)
    assert str(tmp_path) not in str(result.content)


def test_resources_and_prompts_are_there(book: Ledger) -> None:
    """Each resource has a text and each prompt takes its arguments; an unknown one is refused."""

    async def asked(client: Client) -> tuple[list[str], list[str]]:
        texts = []
        for resource in (await client.list_resources()).resources:
            [content] = (await client.read_resource(resource.uri)).contents
            assert isinstance(content, types.TextResourceContents)
            texts.append(content.text)
        prompts = []
        for prompt in (await client.list_prompts()).prompts:
            arguments = {"month": "2026-10\u202e"}
            [message] = (await client.get_prompt(prompt.name, arguments)).messages
            prompts.append(str(message.content))
        for wrong in (client.read_resource("file:///etc/passwd"), client.get_prompt("gone", {})):
            with pytest.raises(MCPError):
                await wrong
        with pytest.raises(MCPError):
            await client.get_prompt("monthly-review", {"month": "x" * 1000})
        return texts, prompts

    texts, prompts = in_process(settings(book.path), asked)
    reports, schema, glossary = texts
    assert "reconcile (tool ask):" in reports
    assert "variance (tool why):" in reports
    assert "- swap (many)" in reports
    assert "charges:" in schema
    assert "absent:" in glossary
    assert all("2026-10" in prompt for prompt in prompts)
    assert not any("\u202e" in prompt for prompt in prompts)


def test_install_prints_settings_that_start_the_server(tallystick: Tallystick, book: Ledger) -> None:
    """`mcp --install` prints a command and JSON for the usual clients, with this ledger and no secret."""
    printed_text = tallystick("mcp", "--install", ANTHROPIC_ADMIN_KEY="sk-ant-admin01-secret").out
    start = printed_text.index("{")
    server = json.JSONDecoder().raw_decode(printed_text[start:])[0]["mcpServers"]["tallystick"]
    assert server["args"] == ["mcp", "--ledger", str(book.path)]
    assert f"claude mcp add tallystick -- {server['command']} mcp --ledger {book.path}" in printed_text
    assert "secret" not in printed_text
