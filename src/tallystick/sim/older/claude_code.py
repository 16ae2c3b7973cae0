"""The Claude Code report: a day of the workspace "Claude Code" by person and by key (reports-api 1.4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from tallystick.core.time import Grain, instant, midnight, text
from tallystick.sim.older.reports import Behavior
from tallystick.sim.wire.alteration import UNALTERED, Alterations
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query, read, written
from tallystick.sim.world import tariff
from tallystick.sim.world.requests import Request
from tallystick.sim.world.world import World

TERMINALS = ("vscode", "iTerm.app", "tmux", "ghostty")
TOOLS = ("edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool")

# Which tool a request ends in: of ten, five edit, two edit much, two write and one edits a notebook.
_TOOL_DICE = (0, 0, 0, 0, 0, 1, 1, 2, 2, 3)
_CENT = tariff.PICODOLLARS // 100
_FALSE_TOKEN = "page: not a valid page token."  # noqa: S105 - a message
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Place(NamedTuple):
    """What a row is for: an actor, how the actor pays, and where Claude Code ran. Rows stand in this order."""

    customer: str
    kind: str
    name: str
    id: str
    terminal: str
    remote: bool


@dataclass(slots=True)
class Tokens:
    """Tokens of a model and what they cost at list price, in picodollars: the report knows no discount [?]."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_creation: int = 0
    picodollars: int = 0

    def add(self, request: Request) -> None:
        """Count a request."""
        self.input += request.uncached
        self.output += request.output
        self.cache_read += request.read
        self.cache_creation += request.write_5m + request.write_1h
        self.picodollars += sum(request.picodollars().values())

    def entry(self, model: str) -> dict[str, Json]:
        """An entry of `model_breakdown`; the estimate in whole cents, half a cent up."""
        return {
            "model": model,
            "tokens": {
                "input": self.input,
                "output": self.output,
                "cache_read": self.cache_read,
                "cache_creation": self.cache_creation,
            },
            "estimated_cost": {"currency": "USD", "amount": (self.picodollars + _CENT // 2) // _CENT},
        }


@dataclass(slots=True)
class Work:
    """What a row counts. A session is the use of one actor in one UTC hour.

    The truth has tokens only. Everything else is read off a stable hash of a session or a request, so that no number
    depends on another row, on the time of asking, or on the dice that draw requests.
    """

    sessions: set[datetime] = field(default_factory=set)
    models: dict[str, Tokens] = field(default_factory=dict)
    tools: dict[str, list[int]] = field(default_factory=lambda: {tool: [0, 0] for tool in TOOLS})
    added: int = 0
    removed: int = 0
    commits: int = 0
    pulls: int = 0

    def add(self, request: Request, actor: str, seed: int) -> None:
        """Count a request of an actor."""
        self.models.setdefault(request.group.model, Tokens()).add(request)
        hour = Grain.HOUR.floor(request.at)
        if hour not in self.sessions:
            self.sessions.add(hour)
            dice = _dice(seed, actor, hour, "session")
            commits = dice % 3
            self.commits += commits
            self.pulls += 1 if commits and dice // 3 % 4 == 0 else 0
        if request.output:  # a refused request changes no file
            dice = _dice(seed, actor, *request[:1], *request[2:])
            rejected = dice // 10 % 8 == 0
            self.tools[TOOLS[_TOOL_DICE[dice % 10]]][rejected] += 1
            if not rejected:
                added = request.output * (dice // 80 % 100) // 1200
                self.added += added
                self.removed += added * (dice // 8000 % 100) // 150

    def entry(self) -> dict[str, Json]:
        """The measures of a row."""
        return {
            "core_metrics": {
                "num_sessions": len(self.sessions),
                "lines_of_code": {"added": self.added, "removed": self.removed},
                "commits_by_claude_code": self.commits,
                "pull_requests_by_claude_code": self.pulls,
            },
            "tool_actions": {tool: {"accepted": yes, "rejected": no} for tool, (yes, no) in self.tools.items()},
            "model_breakdown": [self.models[model].entry(model) for model in sorted(self.models)],
        }


def report(world: World, behavior: Behavior, query: Query, now: datetime, altered: Alterations = UNALTERED) -> Json:
    """`GET /v1/organizations/usage_report/claude_code`: one UTC day, up to `Behavior.code_lag` ago.

    A page token remembers the moment of the first page, so that pages fit together while the day goes on.
    """
    if behavior.strict_parameters:
        query.only(("starting_at", "limit", "page"))
    day, limit = _day(query), query.limit(20, 1000)
    until, first = _cursor(query, Grain.MINUTE.floor(now - behavior.code_lag))
    rows = sorted(_rows(world, behavior, day, altered.until("activity", day, until)).items())
    end = first + limit
    token = None
    if end < len(rows):
        token = written(f"{text(until)} {end}{f' {query.fingerprint()}' if behavior.bound_cursors else ''}")
    data = [_entry(world, behavior, day, group, work) for group, work in rows[first:end]]
    return {"data": [*data], "has_more": token is not None, "next_page": token}


def _entry(world: World, behavior: Behavior, day: date, group: Place, work: Work) -> dict[str, Json]:
    name = "email_address" if group.kind == "user_actor" else "api_key_name"
    newer: dict[str, Json] = {
        "subscription_type": "team" if group.customer == "subscription" else None,
        "is_remote": group.remote,
    }
    return {
        "date": text(midnight(day)),
        "actor": {"type": group.kind, name: group.name},
        "organization_id": world.organization.id,
        "customer_type": group.customer,
        "terminal_type": group.terminal,
        **({} if behavior.code_older else newer),
        **work.entry(),
    }


def _rows(world: World, behavior: Behavior, day: date, until: datetime) -> dict[Place, Work]:
    """The rows of a day, as far as it shows before `until`."""
    people = {user.id: user.email for user in world.organization.users}
    keys = {key.id: key.name for key in world.organization.keys}
    rows: dict[Place, Work] = {}
    for customer, request in _used(world, day, until):
        actor = request.group.account or request.group.key
        if actor is None:  # the report has no actor for a service account (reports-api 1.4)
            continue
        kind, name = ("user_actor", people[actor]) if actor in people else ("api_actor", keys[actor])
        terminal, remote = _where(world.seed, actor, request.at)
        group = Place(customer, kind, name, actor, terminal, remote and not behavior.code_older)
        rows.setdefault(group, Work()).add(request, actor, world.seed)
    return rows


def _used(world: World, day: date, until: datetime) -> Iterator[tuple[str, Request]]:
    """The requests of Claude Code on a day before `until`, each with how it is paid."""
    if until <= midnight(day):
        return
    coding = world.organization.coding.id
    for customer, requests in (("api", world.requests(day)), ("subscription", world.seated(day))):
        for request in requests:
            if request.group.workspace == coding and request.at < until:
                yield customer, request


def _where(seed: int, actor: str, when: datetime) -> tuple[str, bool]:
    """The terminal of a session, mostly the actor's usual one, and whether it ran elsewhere."""
    usual, dice = _dice(seed, actor, "terminal"), _dice(seed, actor, Grain.HOUR.floor(when), "where")
    return TERMINALS[(usual + (dice % 5 == 0)) % len(TERMINALS)], dice // 5 % 6 == 0


def _dice(*parts: object) -> int:
    """A number that is the same for the same things, always."""
    return int.from_bytes(hashlib.sha256(":".join(map(str, parts)).encode()).digest()[:8])


def _day(query: Query) -> date:
    """The day asked for; Refusal for none, and for anything but a date."""
    word = query.one("starting_at")
    if word is None:
        raise Refusal(400, "starting_at: field required.")
    refusal = Refusal(400, f"starting_at: must be a day such as 2026-11-01, not {word!r}.")
    if not _DATE.fullmatch(word):  # `fromisoformat` takes more than that
        raise refusal
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise refusal from None


def _cursor(query: Query, until: datetime) -> tuple[datetime, int]:
    """The moment that the first page was asked at, and how many rows went before this one.

    Raises Refusal for a token that was not given out here, or was for another query.
    """
    token = query.one("page")
    if token is None:
        return until, 0
    start, _, rest = read(token).partition(" ")
    first, _, fingerprint = rest.partition(" ")
    if fingerprint and fingerprint != query.fingerprint():
        raise Refusal(400, "page: the cursor does not match the other query parameters.")
    try:
        moment = instant(start)
    except (ValueError, OverflowError):
        raise Refusal(400, _FALSE_TOKEN) from None
    if not first.isdigit() or moment > until:
        raise Refusal(400, _FALSE_TOKEN)
    return moment, int(first[:9])
