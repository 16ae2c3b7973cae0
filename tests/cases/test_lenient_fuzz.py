"""Every answer of the stand-in with one odd field: what is billed and used stays right, whatever else is odd."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pyarrow.compute as pc
import pytest

from support.case import CASES, KEY
from support.page_fuzz import NoIds
from support.wire import Clock
from tallystick.api import directory, entries
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.leniency import Oddity
from tallystick.core.money import total
from tallystick.core.records import TOKENS
from tallystick.core.time import Grain, Window
from tallystick.errors import UnexpectedResponse
from tallystick.sync import sources
from tallystick.sync.batch import Batch, BatchCheck
from tallystick.sync.plan import SyncTask
from tallystick.sync.redaction import Mode, People
from tallystick.sync.report_reader import ReportReader
from tallystick.sync.source import Source

Json = dict[str, Any]
Mutation = Callable[[Json], None]

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC))
STRICT = frozenset(
    {
        *("amount", "currency", "starting_at", "ending_at", "date"),
        *("uncached_input_tokens", "cache_read_input_tokens", "output_tokens", "web_search_requests"),
        *("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    }
)
"""Amounts, counts of tokens and dates: what is odd of them stops the window."""
ODD: dict[str, Any] = {
    "null": None,
    "fraction": 7.5,
    "huge": 2**70,
    "true": True,
    "text": "odd",
    "empty": "",
    "list": [1, None],
    "object": {"type": "odd", "id": None},
}
MISSING = "missing"
CODE = {
    "date": "2026-11-24T00:00:00Z",
    "actor": {"type": "user_actor", "email_address": "ann@example.com"},
    "organization_id": "3f0c6a52-5d0b-4c57-9a35-7b1d2b8e4a10",
    "customer_type": "api",
    "subscription_type": None,
    "terminal_type": "vscode",
    "is_remote": False,
    "core_metrics": {"num_sessions": 3, "lines_of_code": {"added": 10, "removed": 2}, "commits_by_claude_code": 1},
    "tool_actions": {"edit_tool": {"accepted": 5, "rejected": 1}},
    "model_breakdown": [
        {
            "model": "claude-sonnet-4-6",
            "tokens": {"input": 1000, "output": 100, "cache_read": 0, "cache_creation": 0},
            "estimated_cost": {"currency": "USD", "amount": 230},
        }
    ],
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The world of the stand-in, with a bill of 45.66 USD for 27,760,000 tokens."""
    monkeypatch.syspath_prepend(str(CASES))
    sys.modules.pop("small", None)
    import stand

    world = stand.World(str(CASES / "small.py"))
    world.code = {"2026-11-24": [CODE, {**CODE, "terminal_type": "tmux"}]}
    return world


def client_of(world: Any, end: str, mutation: Mutation, text: Callable[[str], str] = str) -> Client:
    """A client of the stand-in, whose answers under paths that end so are changed, `text` as they are written."""
    import stand

    handler = stand.handler(world)
    server = object.__new__(handler)

    def answer(request: httpx2.Request) -> httpx2.Response:
        path, query = request.url.path, parse_qs(request.url.query.decode(), keep_blank_values=True)
        status, body = handler.answer(server, path, query)
        assert status == 200, body
        body = json.loads(json.dumps(body))
        if path.endswith(end):
            mutation(body)
        return httpx2.Response(status, text=text(json.dumps(body)), headers={"content-type": "application/json"})

    return Client(Credential(KEY), clock=Clock(NOW), transport=httpx2.MockTransport(answer), patience=0, pace=None)


def reading_of(source: Source, client: Client, people: People | None = None) -> tuple[Batch, BatchCheck]:
    """What is read of a source, and the judgement of it."""
    task = SyncTask(source, Grain.DAY, WINDOW)
    reading = source.batch(task, "org", NOW, NoIds())
    for page in ReportReader(client, lambda *_: None).pages(reading):
        reading.add(people.redact(page, source.persons) if people else page)
    return reading, reading.check()


def paths_of(row: Json, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of a row that is beside the point, by its path."""
    for name, value in row.items():
        if name in STRICT and before != ("model_breakdown", "estimated_cost"):
            continue
        yield (*before, name)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            yield from paths_of(inner, (*before, name))


def changed(rows: Any, path: tuple[str, ...], odd: str) -> None:
    """Make a field of each row odd, or leave it out; and add one that is new."""
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict):
            continue
        if len(path) > 1:
            changed(row.get(path[0]), path[1:], odd)
        elif odd == MISSING:
            row.pop(path[0], None)
        else:
            row[path[0]] = ODD[odd]
            row["field_of_tomorrow"] = {"deep": [{}]}


def sums(verdict: BatchCheck, names: tuple[str, ...]) -> list[Any]:
    """The sums of columns of what is kept."""
    return [pc.sum(verdict.rows[name]).as_py() for name in names]


def used(verdict: BatchCheck) -> int:
    """The tokens of what is kept."""
    return sum(sums(verdict, TOKENS))


def billed(verdict: BatchCheck) -> Decimal:
    """The US dollars of what is kept."""
    return total(verdict.rows["billed"].to_pylist())


_DIMS = dict.fromkeys(
    (
        *("account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id"),
        *("service_tier", "speed", "workspace_id"),
    )
)
_COST_DIMS = dict.fromkeys(
    ("workspace_id", "description", "cost_type", "model", "token_type", "service_tier", "context_window")
)
_GROUP = {
    "group": {
        "actor": {"type": "user_actor", "user_id": "user_01", "provider": {"type": "aws"}, "deleted": False},
        **dict.fromkeys(("api_key_id", "model", "product", "service_tier", "context_window", "inference_geo", "speed")),
        **dict.fromkeys(("workspace_id", "cost_type", "token_type", "organization_id", "session_id")),
    }
}


def cases(row: Json) -> list[tuple[tuple[str, ...], str]]:
    """Each field that is beside the point with each way to be odd."""
    return [(path, odd) for path in paths_of(row) for odd in (*ODD, MISSING)]


@pytest.mark.long
@pytest.mark.parametrize("people", [Mode.FULL, Mode.IDS, Mode.HASHED])
@pytest.mark.parametrize("source", [sources.ANALYTICS_USAGE, sources.ANALYTICS_COST])
def test_odd_fields_of_the_newer_dialect(world: Any, source: Source, people: Mode) -> None:
    """Whatever is odd of a group, a list price or a count of requests, each day adds up to its bill and its tokens."""
    figures = {"usage": {"requests": 1, "total_tokens": 1}} if source is sources.ANALYTICS_USAGE else {}
    figures = figures or {"cost": {"list_amount": "1", "requests": None}}
    for path, odd in cases(_GROUP | figures):
        if path in {("usage",), ("cost",)} or (people != Mode.FULL and "actor" not in path):
            continue  # they hold what is strict; nothing else tells of people
        if "actor" not in path and odd not in {"null", "fraction", "object", MISSING} and path[0] == "group":
            continue  # enough of what differs by nothing but its words
        client = client_of(
            world, str(source).replace("_", "/"), lambda body, p=path, o=odd: changed(body["data"], p, o)
        )
        reading, verdict = reading_of(source, client, People(people, b"key"))
        label = f"{'.'.join(path)} {odd}: {verdict.moved}"
        assert len(verdict.days) == 8, label
        if source is sources.ANALYTICS_COST:
            assert billed(verdict) == Decimal("45.66"), label
        else:
            assert used(verdict) == 27_760_000, label
        if path[-1] == "list_amount":
            assert reading.odd, label
            assert None in verdict.rows["list"].to_pylist(), label  # it adds up where a day has one group
            assert odd in {"fraction", "huge"} or set(verdict.rows["list"].to_pylist()) == {None}, label


@pytest.mark.long
@pytest.mark.parametrize("source", [sources.USAGE, sources.COST])
def test_odd_fields_of_the_older_dialect(world: Any, source: Source) -> None:
    """Whatever is odd of a dimension, each day adds up to its bill and its tokens."""
    end = "usage_report/messages" if source is sources.USAGE else "cost_report"
    for path, odd in cases(_DIMS if source is sources.USAGE else _COST_DIMS):

        def mutation(body: Json, path: tuple[str, ...] = path, odd: str = odd) -> None:
            for bucket in body["data"]:
                changed(bucket["results"], path, odd)

        _, verdict = reading_of(source, client_of(world, end, mutation))
        label = f"{'.'.join(path)} {odd}: {verdict.moved}"
        assert len(verdict.days) == 8, label
        if source is sources.COST:
            assert billed(verdict) == Decimal("45.66"), label
        else:
            assert used(verdict) == 27_760_000, label


@pytest.mark.long
@pytest.mark.parametrize("people", [Mode.FULL, Mode.HASHED])
def test_odd_fields_of_claude_code(world: Any, people: Mode) -> None:
    """Whatever is odd of a row of Claude Code, every row is kept, and what is odd is unknown."""
    for path, odd in cases(CODE):
        client = client_of(world, "claude_code", lambda body, p=path, o=odd: changed(body["data"][:1], p, o))
        reading, verdict = reading_of(sources.CLAUDE_CODE, client, People(people, b"key"))
        label = f"{'.'.join(path)} {odd}"
        assert len(verdict.days) == 8, label
        sessions = [row["sessions"] for row in verdict.rows.to_pylist() if row["model"] == "none"]
        assert 3 in sessions or path == ("terminal_type",), label
        assert len(sessions) == 2 or path[0] == "terminal_type", label
        if path[-1] == "amount" and odd not in {"null", "fraction", MISSING}:
            assert reading.odd, label


FIELDS = {
    sources.USAGE: "usage_report/messages",
    sources.COST: "cost_report",
    sources.ANALYTICS_USAGE: "analytics/usage",
    sources.ANALYTICS_COST: "analytics/cost",
    sources.CLAUDE_CODE: "claude_code",
}
"""Where each report is asked for."""


def _beyond(body: Json) -> None:
    """Add a number that no float holds to each row, its actor and its bucket."""
    for row in [inner for bucket in body["data"] for inner in (*bucket.get("results", ()), bucket)]:
        row["field_of_tomorrow"] = {"deep": [BEYOND]}
        for actor in (row.get("actor"), row.get("group", {}).get("actor")):
            if isinstance(actor, dict):
                actor["field_of_tomorrow"] = BEYOND


LISTS = {
    "workspaces": {
        **dict.fromkeys(("name", "created_at", "archived_at", "tags", "data_residency", "user_profile_id")),
        "inference_data_privacy": None,
    },
    "api_keys": {
        **dict.fromkeys(("name", "status", "created_at", "expires_at", "partial_key_hint", "workspace_id")),
        "created_by": {"id": "user_01A", "type": "user"},
        "scope": {"type": "workspace", "workspace_id": "wrkspc_01A"},
    },
    "users": dict.fromkeys(("name", "email", "role", "added_at")),
}


@pytest.mark.long
@pytest.mark.parametrize("end", LISTS)
def test_odd_fields_of_the_directory(world: Any, end: str) -> None:
    """Whatever is odd of an entry of the directory, it is there by its id, and so are all others."""
    for path, odd in cases(LISTS[end]):
        client = client_of(world, end, lambda body, p=path, o=odd: changed(body["data"][:1], p, o))
        oddities: set[Oddity] = set()
        names = directory.names(list(directory.read(client, lambda *_: None)), oddities)
        label = f"{'.'.join(path)} {odd}"
        ids = {named.id for named in names}
        assert {"apikey_01A", "apikey_01B", "wrkspc_01A", "wrkspc_01B", "user_01A"} <= ids, label
        assert all(isinstance(named.name, str) and named.name for named in names), label
        for named in names:
            json.dumps(named.details)


@pytest.mark.parametrize("odd", [*ODD, MISSING])
def test_an_odd_name_of_the_organization(world: Any, odd: str) -> None:
    """An organization without a name is called by its id."""
    client = client_of(world, "/me", lambda body: changed(body, ("name",), odd))
    [named] = [
        named for named in directory.names(directory.read(client, lambda *_: None)) if named.type == "organization"
    ]
    assert named.id == world.me["id"]
    assert named.name


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"id": None}, {"id": ""}, {"name": "no id"}])
@pytest.mark.parametrize("end", LISTS)
def test_an_entry_that_is_none(world: Any, end: str, entry: object) -> None:
    """An entry without an id is left out, all others are read, and the list counts as incomplete."""
    client = client_of(world, end, lambda body: body["data"].append(entry))
    pages = list(directory.read(client, lambda *_: None))
    oddities: set[Oddity] = set()
    assert {"apikey_01A", "wrkspc_01B", "user_01A"} <= {named.id for named in directory.names(pages, oddities)}
    assert oddities
    assert not all(entries.is_complete_list(page) for purpose, page in pages if purpose != "organization")


BEYOND = 10**310 + 1
"""Stands for a number that no float holds."""


@pytest.mark.parametrize("source", FIELDS)
def test_an_unknown_number_that_no_float_holds(world: Any, source: Source) -> None:
    """A number of a field that tallystick does not know is beside the point, however large it is."""
    client = client_of(world, FIELDS[source], _beyond, text=lambda body: body.replace(str(BEYOND), "1e400"))
    reading, verdict = reading_of(source, client)
    assert len(verdict.days) == 8
    assert any("field_of_tomorrow" in name for name in reading.new_fields)


@pytest.mark.parametrize("odd", ["null", "text", "true", "list", "huge", MISSING])
@pytest.mark.parametrize(
    ("source", "path"),
    [
        (sources.ANALYTICS_COST, ("cost", "amount")),
        (sources.ANALYTICS_COST, ("cost", "currency")),
        (sources.ANALYTICS_COST, ("starting_at",)),
        (sources.ANALYTICS_USAGE, ("usage", "output_tokens")),
        (sources.ANALYTICS_USAGE, ("usage", "cache_creation", "ephemeral_1h_input_tokens")),
        (sources.ANALYTICS_USAGE, ("ending_at",)),
    ],
)
def test_money_counts_and_dates_stay_strict(world: Any, source: Source, path: tuple[str, ...], odd: str) -> None:
    """An odd amount, currency, count or date is an error that names its place; nothing of it is read as zero."""
    client = client_of(world, str(source).replace("_", "/"), lambda body: changed(body["data"], path, odd))
    with pytest.raises(UnexpectedResponse, match=r"\$\.data\[") as strange:
        reading_of(source, client)
    assert strange.value.exit_code == 5
