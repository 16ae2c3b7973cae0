"""A plain test server for the Usage and Cost API, written from the contract alone.

Its author read `shared/contract/reports-api.md` and its samples and nothing else: neither the client under test nor
the project's simulator. It is therefore an independent witness. It invents usage per UTC hour, prices it from the
contract's table, serves both reports and the directory over HTTP, and tells a test what the right totals are.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import random
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

T = TypeVar("T")
Query = dict[str, list[str]]
Json = dict[str, object]
Dims = dict[str, str | None]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VERSIONS = ("2023-06-01", "2026-10-21")
FAST_BETA = "fast-mode-2026-02-01"
ORGANIZATION = "5d1c0f5e-0b1d-4c55-9a53-7c1d5e3b2a10"
PATH = "/v1/organizations/"

WRITE_5M, WRITE_1H = "cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"
LABELS = {  # the five token counters and their wording in cost descriptions (", 1h" is invented, contract 3.2)
    "uncached_input_tokens": "Input Tokens",
    WRITE_5M: "Input Tokens, Cache Write",
    WRITE_1H: "Input Tokens, Cache Write, 1h",
    "cache_read_input_tokens": "Input Tokens, Cache Hit",
    "output_tokens": "Output Tokens",
}
COUNTERS = (*LABELS, "web_search_requests")
MARKS = {  # invented endings of descriptions (contract 3.2)
    " (Batch)": ("service_tier", "batch"),
    " (Long Context)": ("context_window", "200k-1M"),
    " (Fast)": ("speed", "fast"),
    " (US)": ("inference_geo", "us"),
}
FILTERS = {  # array parameter -> (dimension, known values or None for free text)
    "account_ids": ("account_id", None),
    "api_key_ids": ("api_key_id", None),
    "service_account_ids": ("service_account_id", None),
    "workspace_ids": ("workspace_id", None),
    "models": ("model", None),
    "service_tiers": (
        "service_tier",
        ("batch", "flex", "flex_discount", "priority", "priority_on_demand", "standard"),
    ),
    "context_window": ("context_window", ("0-200k", "200k-1M")),
    "inference_geos": ("inference_geo", ("global", "us", "not_available")),
    "speeds": ("speed", ("fast", "standard")),
}
DIMENSIONS = tuple(dimension for dimension, _ in FILTERS.values())
COST_DETAILS = ("cost_type", "model", "token_type", "service_tier", "context_window", "inference_geo")


class Model(NamedTuple):
    """One line of the price table (USD per million tokens), valid on days in [since, until)."""

    id: str
    name: str
    input: str
    output: str
    read: str
    since: str
    until: str = "9999-12-31"
    geo: bool = True  # has the inference_geo parameter (4.6 family and later)
    long: str = ""  # context above 200k: "" not offered, "flat" same price, "premium" input x2 and output x1.5
    fast: bool = False  # fast mode at twice the price


# Days on which the contract's wording leaves a price open (last day of a premium, "about 2026-09-01") are left out.
MODELS = (
    Model("claude-fable-5-2", "Fable 5.2", "8", "40", "0.20", "2026-11-09", fast=True),
    Model("claude-fable-5-1", "Fable 5.1", "10", "50", "0.25", "2026-09-05"),
    Model("claude-opus-5-5", "Opus 5.5", "4", "20", "0.20", "2026-09-22", long="flat", fast=True),
    Model("claude-opus-5", "Opus 5", "5", "25", "0.50", "2026-07-24", long="flat", fast=True),
    Model("claude-opus-4-8", "Opus 4.8", "5", "25", "0.50", "2026-05-28", long="flat"),
    Model("claude-opus-4-6", "Opus 4.6", "5", "25", "0.50", "2026-02-05", "2026-03-13", long="premium"),
    Model("claude-opus-4-6", "Opus 4.6", "5", "25", "0.50", "2026-03-14", long="flat"),
    Model("claude-opus-4-1-20250805", "Opus 4.1", "15", "75", "1.50", "2025-08-05", "2026-08-05", geo=False),
    Model("claude-sonnet-5-5", "Sonnet 5.5", "2", "10", "0.20", "2026-09-28", "2026-10-07", long="flat"),
    Model("claude-sonnet-5-5", "Sonnet 5.5", "2", "10", "0.10", "2026-10-07", long="flat"),
    Model("claude-sonnet-5", "Sonnet 5", "2", "10", "0.20", "2026-06-30", long="flat"),
    Model("claude-sonnet-4-5-20250929", "Sonnet 4.5", "3", "15", "0.30", "2025-09-29", "2026-04-30", False, "premium"),
    Model("claude-sonnet-4-5-20250929", "Sonnet 4.5", "3", "15", "0.30", "2026-05-01", geo=False),
    Model("claude-haiku-5-5", "Haiku 5.5", "0.10", "0.50", "0.01", "2026-10-07"),
    Model("claude-haiku-4-5-20251001", "Haiku 4.5", "1", "5", "0.10", "2025-10-15", geo=False),
)

DEFAULT, ATLAS, CODE, CLOSED = (f"wrkspc_01Witness{name}" for name in ("Default", "Atlas", "ClaudeCode", "Closed"))
ADA, BEN, EVE = (f"user_01Witness{name}" for name in ("Ada", "Ben", "Eve"))
ROBOT = "svac_01WitnessRobot"
WORKSPACES = (  # id, name, archived
    (DEFAULT, "Default", False),
    (ATLAS, "Atlas", False),
    (CODE, "Claude Code", False),
    (CLOSED, "Old project", True),
)
USERS = ((ADA, "Ada", "admin"), (BEN, "Ben", "developer"), (EVE, "Eve", "claude_code_user"))
KEYS = (  # name, workspace, status; the names are deliberately not unique
    ("web", None, "active"),
    ("batch", None, "inactive"),
    ("web", ATLAS, "active"),
    ("nightly", ATLAS, "active"),
    ("legacy", CLOSED, "archived"),
    ("trial", ATLAS, "expired"),
    *((f"spare {n:02}", ATLAS, "inactive") for n in range(1, 18)),
)
KEY_IDS = tuple(f"apikey_01Witness{n:02}" for n in range(1, len(KEYS) + 1))
CALLERS: tuple[tuple[str | None, str | None, str | None, str | None], ...] = (  # workspace, key, account, svc. account
    (None, KEY_IDS[0], None, None),
    (None, KEY_IDS[1], None, None),
    (None, None, None, None),  # Console Playground
    (None, None, ADA, None),
    (ATLAS, KEY_IDS[2], None, None),
    (ATLAS, KEY_IDS[3], None, None),
    (ATLAS, "apikey_01WitnessDeleted", None, None),  # not in the directory any more
    (ATLAS, None, None, ROBOT),
    (CODE, None, BEN, None),
    (CODE, None, EVE, None),
    (CLOSED, KEY_IDS[4], None, None),
)


class Cell(NamedTuple):
    """Usage of one caller, model and setting in one UTC hour."""

    hour: datetime
    dims: Dims
    counts: dict[str, int]
    model: Model
    over_100k: bool  # Haiku 5.5's second price tier, which no dimension shows
    refused: bool  # counted in usage, not billed


class CostKey(NamedTuple):
    day: date
    workspace_id: str | None
    description: str
    details: tuple[str | None, ...]  # in the order of COST_DETAILS


class ApiError(Exception):
    """An error answer."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def bad(message: str) -> ApiError:
    return ApiError(400, "invalid_request_error", message)


def invent(today: date, now: datetime, seed: int, days: int) -> list[Cell]:
    """The random usage table: `days` completed days and the running one up to `now`."""
    rng, cells = random.Random(seed), []
    for back in range(days, -1, -1):
        day = today - back * DAY
        models = [model for model in MODELS if model.since <= day.isoformat() < model.until]
        if not models or (back > 3 and rng.random() < 0.06):  # some days are empty
            continue
        for hour in range(24 if back else now.hour + 1):
            for _ in range(rng.randrange(5)):
                cells.append(invent_cell(rng, datetime.combine(day, time(hour), UTC), rng.choice(models)))
    return cells


def invent_cell(rng: random.Random, hour: datetime, model: Model) -> Cell:
    fast = model.fast and rng.random() < 0.1
    tier = "standard" if fast else rng.choices(("standard", "batch", "priority"), (75, 18, 7))[0]
    geo = rng.choices(("global", "us"), (8, 2))[0] if model.geo else "not_available"
    window = "200k-1M" if model.long and rng.random() < 0.15 else "0-200k"
    settings = (model.id, tier, window, geo, "fast" if fast else "standard")
    workspace, key, account, service_account = rng.choice(CALLERS)
    refused = hour.date() >= date(2026, 6, 2) and rng.random() < 0.05
    cached = rng.random() < 0.7
    counts = {
        "uncached_input_tokens": rng.randint(1_000, 900_000),
        WRITE_5M: rng.randint(0, 400_000) if cached else 0,
        WRITE_1H: rng.randint(1, 200_000) if cached and rng.random() < 0.4 else 0,
        "cache_read_input_tokens": rng.randint(0, 3_000_000) if cached else 0,
        "output_tokens": 0 if refused else rng.randint(100, 120_000),
        "web_search_requests": 0 if refused or tier == "priority" or rng.random() < 0.8 else rng.randint(1, 40),
    }
    dims: Dims = dict(zip(DIMENSIONS, (account, key, service_account, workspace, *settings), strict=True))
    return Cell(hour, dims, counts, model, model.id == "claude-haiku-5-5" and rng.random() < 0.3, refused)


def cents(cell: Cell, counter: str) -> Decimal:
    """Exact price of one token counter of a cell, in US cents."""
    model, output = cell.model, counter == "output_tokens"
    price = Decimal(model.output if output else model.read if counter == "cache_read_input_tokens" else model.input)
    price *= {WRITE_5M: Decimal("1.25"), WRITE_1H: Decimal(2)}.get(counter, Decimal(1))
    if model.long == "premium" and cell.dims["context_window"] == "200k-1M":
        price *= Decimal("1.5") if output else 2
    price *= 5 if cell.over_100k else 1
    price *= 2 if cell.dims["speed"] == "fast" else 1
    price *= Decimal("0.5") if cell.dims["service_tier"] == "batch" else 1
    price *= Decimal("1.1") if cell.dims["inference_geo"] == "us" else 1
    return cell.counts[counter] * price / 10_000


def bill(cells: Iterable[Cell], today: date, seed: int) -> dict[CostKey, Decimal]:
    """Cents per (day, workspace, description): completed days only, neither refused nor Priority Tier usage."""
    rows: dict[CostKey, Decimal] = defaultdict(Decimal)
    for cell in cells:
        day, dims = cell.hour.date(), cell.dims
        if day >= today or cell.refused or dims["service_tier"] == "priority":
            continue
        workspace = dims["workspace_id"]
        suffix = "".join(mark for mark, setting in MARKS.items() if setting in dims.items())
        for counter, label in LABELS.items():
            details = ("tokens", dims["model"], counter, *(dims[name] for name in COST_DETAILS[3:]))
            text = f"Claude {cell.model.name} Usage - {label}{suffix}"
            rows[CostKey(day, workspace, text, details)] += cents(cell, counter)
        search = CostKey(day, workspace, "Web Search Usage", ("web_search", *[None] * 5))
        rows[search] += cell.counts["web_search_requests"]  # $10 per 1,000 is one cent each
    rng = random.Random(seed + 1)
    for day, workspace in sorted({(key.day, key.workspace_id or "") for key in rows}):
        if rng.random() < 0.3:  # quarters of a container-hour at $0.05
            run = CostKey(day, workspace or None, "Code Execution Usage", ("code_execution", *[None] * 5))
            rows[run] += Decimal("1.25") * rng.randint(1, 400)
    return {key: amount for key, amount in rows.items() if amount}


def plain(amount: Decimal) -> str:
    """As many decimals as the exact amount has, never an exponent."""
    return format(amount.normalize(), "f")


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def floor(moment: datetime, step: timedelta) -> datetime:
    return EPOCH + (moment - EPOCH) // step * step


def ceil(moment: datetime, step: timedelta) -> datetime:
    return EPOCH - (EPOCH - moment) // step * step


def scalar(query: Query, name: str) -> str | None:
    return query[name][-1] if name in query else None


def array(query: Query, name: str, known: Iterable[str] | None = None) -> list[str]:
    """The values of `name[]`; a bare `name` and unknown enum values are refused."""
    if name in query:
        raise bad(f"{name}: array parameters need brackets, use {name}[]")
    values = query.get(f"{name}[]", [])
    if known is not None and (unknown := sorted(set(values) - set(known))):
        raise bad(f"{name}[]: unknown value {unknown[0]!r}")
    return values


def flag(query: Query, name: str) -> bool:
    value = scalar(query, name) or "false"
    if value not in ("true", "false"):
        raise bad(f"{name}: expected true or false")
    return value == "true"


def limit_of(query: Query, default: int, highest: int) -> int:
    text = scalar(query, "limit") or str(default)
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= highest:
        raise bad(f"limit: expected a number from 1 to {highest}")
    return int(text)


def instant(query: Query, name: str) -> datetime | None:
    """An RFC 3339 parameter; a bare date is taken as its midnight."""
    if (text := scalar(query, name)) is None:
        return None
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?", text):
        raise bad(f"{name}: not an RFC 3339 timestamp")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad(f"{name}: {error}") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def start_of(query: Query, step: timedelta) -> datetime:
    if (moment := instant(query, "starting_at")) is None:
        raise bad("starting_at: field required")
    return ceil(moment, step)


class ContractServer:
    """Context manager that serves the contract on 127.0.0.1; the wall clock stands at 15:30 UTC of `today`."""

    key = "sk-ant-admin01-witness"
    plain_key = "sk-ant-api03-witness"  # known, but not an admin credential: 403

    def __init__(self, today: date, seed: int = 7, days: int = 100, refuse_every: int = 0, port: int = 0) -> None:
        self.today, self.refuse_every, self._port = today, refuse_every, port
        self.now = datetime.combine(today, time(15, 30), UTC)
        self.requests: list[tuple[str, Query]] = []
        self.url = ""
        cells = invent(today, self.now, seed, days)
        self._hours: dict[datetime, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._hours[cell.hour].append(cell)
        self._bill = bill(cells, today, seed)
        self._days: dict[date, list[tuple[CostKey, Decimal]]] = defaultdict(list)
        for key, amount in self._bill.items():
            self._days[key.day].append((key, amount))
        self._shuffler = random.Random(seed + 2)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._http = _Http(("127.0.0.1", self._port), _Handler)
        self._http.witness = self
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    # The truth, for tests; days in [start, end).

    def total_usd(self, start: date, end: date) -> Decimal:
        return sum(self._usd(start, end, lambda key: None).values(), Decimal(0))

    def usd_by_workspace(self, start: date, end: date) -> dict[str | None, Decimal]:
        return self._usd(start, end, lambda key: key.workspace_id)

    def usd_by_description(self, start: date, end: date) -> dict[str, Decimal]:
        return self._usd(start, end, lambda key: key.description)

    def tokens(self, start: date, end: date) -> dict[str, int]:
        """The five token counters and web_search_requests, all tiers, refused and running-day usage included."""
        cells = [cell for hour, found in self._hours.items() if start <= hour.date() < end for cell in found]
        return {counter: sum(cell.counts[counter] for cell in cells) for counter in COUNTERS}

    def _usd(self, start: date, end: date, group: Callable[[CostKey], T]) -> dict[T, Decimal]:
        sums: dict[T, Decimal] = defaultdict(Decimal)
        for key, amount in self._bill.items():
            if start <= key.day < end:
                sums[group(key)] += amount / 100
        return dict(sums)

    # The answers.

    def answer(self, method: str, target: str, headers: Message) -> tuple[int, str, Json]:
        """Status, request id and body for one request."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        with self._lock:
            self.requests.append((parts.path, query))
            number = len(self.requests)
        request_id = f"req_witness{number:06}"
        try:
            if self.refuse_every and number % self.refuse_every == 0:
                raise ApiError(429, "rate_limit_error", "Too many requests, slow down.")
            self._admit(method, headers)
            return 200, request_id, self._route(parts.path, query, headers)
        except ApiError as error:
            detail = {"type": error.kind, "message": error.message}
            return error.status, request_id, {"type": "error", "error": detail, "request_id": request_id}

    def _admit(self, method: str, headers: Message) -> None:
        if method != "GET":
            raise ApiError(405, "invalid_request_error", "Only GET is served here.")
        if headers.get("anthropic-version") not in VERSIONS:
            raise bad("anthropic-version: header missing or unknown")
        key = headers.get("x-api-key") or (headers.get("authorization") or "").removeprefix("Bearer ")
        if key == self.plain_key:
            raise ApiError(403, "permission_error", "This endpoint needs an admin credential.")
        if key != self.key:
            raise ApiError(401, "authentication_error", "Missing or unknown API key.")

    def _route(self, path: str, query: Query, headers: Message) -> Json:
        betas = {beta.strip() for line in headers.get_all("anthropic-beta", []) for beta in line.split(",")}
        newest = headers.get("anthropic-version") == VERSIONS[1]
        match path.removeprefix(PATH).split("/") if path.startswith(PATH) else []:
            case ["me"]:
                return {"id": ORGANIZATION, "name": "Witness Ltd", "type": "organization"}
            case ["usage_report", "messages"]:
                return self._usage(path, query, FAST_BETA in betas)
            case ["cost_report"]:
                return self._cost(path, query)
            case ["workspaces" | "api_keys" | "users" as kind]:
                return listing(kind, query, newest)
            case ["workspaces" | "api_keys" | "users" as kind, wanted]:
                for entry in directory(kind, newest):
                    if entry["id"] == wanted:
                        return entry
        raise ApiError(404, "not_found_error", "The requested resource could not be found.")

    def _usage(self, path: str, query: Query, fast_beta: bool) -> Json:
        group = array(query, "group_by", DIMENSIONS)
        if len(group) > 5:
            raise bad("Cannot specify more than 5 group_by[] dimensions.")
        filters = {dimension: array(query, name, known) for name, (dimension, known) in FILTERS.items()}
        if not fast_beta and ("speed" in group or filters["speed"]):
            raise bad(f"speed needs the header anthropic-beta: {FAST_BETA}")
        width = scalar(query, "bucket_width") or "1d"
        if width not in ("1h", "1d"):  # the contract also knows 1m, this server's table is hourly
            raise bad("bucket_width: this server offers 1h and 1d")
        step, limit = (HOUR, limit_of(query, 24, 168)) if width == "1h" else (DAY, limit_of(query, 7, 31))
        start, latest = start_of(query, step), ceil(self.now, step)
        end = min(floor(instant(query, "ending_at") or latest, step), latest)
        shown = [name for name in DIMENSIONS if name != "speed" or fast_beta]

        def rows(begin: datetime) -> list[Json]:
            sums: dict[tuple[str | None, ...], dict[str, int]] = {}
            for hour in range(step // HOUR):
                for cell in self._hours.get(begin + hour * HOUR, ()):
                    if all(not wanted or cell.dims[name] in wanted for name, wanted in filters.items()):
                        key = tuple(cell.dims[name] if name in group else None for name in shown)
                        total = sums.setdefault(key, dict.fromkeys(COUNTERS, 0))
                        for counter, count in cell.counts.items():
                            total[counter] += count
            return [usage_row(total) | dict(zip(shown, key, strict=True)) for key, total in sums.items()]

        return self._page(path, query, start, end, step, limit, rows)

    def _cost(self, path: str, query: Query) -> Json:
        group = array(query, "group_by", ("workspace_id", "description"))
        if scalar(query, "bucket_width") not in (None, "1d"):
            raise bad("bucket_width: only 1d is supported")
        limit, start = limit_of(query, 7, 31), start_of(query, DAY)
        midnight = floor(self.now, DAY)
        end = min(floor(instant(query, "ending_at") or midnight, DAY), midnight)
        if end <= start:
            raise bad("Invalid date range: ending date must be after starting date")

        def rows(begin: datetime) -> list[Json]:
            sums: dict[tuple[str | None, ...], Decimal] = defaultdict(Decimal)
            for key, amount in self._days.get(begin.date(), ()):
                described = (key.description, *key.details) if "description" in group else (None,) * 7
                sums[(key.workspace_id if "workspace_id" in group else None, *described)] += amount
            names = ("workspace_id", "description", *COST_DETAILS)
            return [
                {"currency": "USD", "amount": plain(total)} | dict(zip(names, fields, strict=True))
                for fields, total in sums.items()
            ]

        return self._page(path, query, start, end, DAY, limit, rows)

    def _page(
        self,
        path: str,
        query: Query,
        start: datetime,
        end: datetime,
        step: timedelta,
        limit: int,
        rows: Callable[[datetime], list[Json]],
    ) -> Json:
        """At most `limit` buckets, empty ones included; the token names the next bucket and is bound to the query."""
        unchanged = sorted((name, sorted(values)) for name, values in query.items() if name != "page")
        digest = hashlib.sha256(repr((path, unchanged)).encode()).hexdigest()[:12]
        if (token := scalar(query, "page")) is not None:
            try:
                moment, owner = base64.b64decode(token.removeprefix("page_"), validate=True).decode().split("|")
                start = datetime.fromisoformat(moment)
            except ValueError as error:
                raise bad("page: not a page token") from error
            if owner != digest:
                raise bad("page: cursor does not match current query parameters")
        data: list[Json] = []
        while start < end and len(data) < limit:
            results = rows(start)
            with self._lock:
                self._shuffler.shuffle(results)
            data.append({"starting_at": stamp(start), "ending_at": stamp(start + step), "results": results})
            start += step
        more = start < end
        following = "page_" + base64.b64encode(f"{stamp(start)}|{digest}".encode()).decode()
        return {"data": data, "has_more": more, "next_page": following if more else None}


def usage_row(total: Mapping[str, int]) -> Json:
    return {
        "uncached_input_tokens": total["uncached_input_tokens"],
        "cache_creation": {name.partition(".")[2]: total[name] for name in (WRITE_5M, WRITE_1H)},
        "cache_read_input_tokens": total["cache_read_input_tokens"],
        "output_tokens": total["output_tokens"],
        "server_tool_use": {"web_search_requests": total["web_search_requests"]},
    }


def directory(kind: str, newest: bool = False) -> list[Json]:
    """Every workspace, API key or user, hidden ones included; `newest` is API version 2026-10-21."""
    created = "2025-06-02T08:15:27.427722Z"
    if kind == "users":
        user: Json = {"type": "user", "added_at": created}
        return [
            user | {"id": id_, "name": name, "email": f"{name.lower()}@witness.example", "role": role}
            for id_, name, role in USERS
        ]
    if kind == "workspaces":
        residency = {"workspace_geo": "us", "default_inference_geo": "global", "allowed_inference_geos": "unrestricted"}
        rest: Json = {"type": "workspace", "created_at": created, "display_color": "#6C5BB9", "tags": {}}
        rest |= {"compartment_id": ORGANIZATION, "data_residency": residency}
        rest |= {"external_key_id": None, "user_profile_id": None}
        return [
            rest | {"id": id_, "name": name, "archived_at": "2026-05-04T10:00:00.000001Z" if archived else None}
            for id_, name, archived in WORKSPACES
        ]
    actor = {"type": "user_actor", "user_id": ADA} if newest else {"id": ADA, "type": "user"}
    key: Json = {
        "type": "api_key",
        "created_at": created,
        "created_by": {"id": ADA, "type": "user"},
        "principal": actor,
    }
    return [
        key
        | {"id": id_, "name": name, "status": status, "partial_key_hint": f"sk-ant-api03-W...{id_[-2:]}AA"}
        | {"expires_at": "2026-01-31T00:00:00.000001Z" if status == "expired" else None}
        | ({"scope": {"type": "workspace", "workspace_id": home or DEFAULT}} if newest else {"workspace_id": home})
        for id_, (name, home, status) in zip(KEY_IDS, KEYS, strict=True)
    ]


def listing(kind: str, query: Query, newest: bool) -> Json:
    """A directory list with id cursors; `last_id` is filled on the last page too."""
    entries = directory(kind, newest)
    if kind == "workspaces":
        archived, default, ids = flag(query, "include_archived"), flag(query, "include_default"), array(query, "ids")
        entries = [e for e in entries if (archived or not e["archived_at"]) and (default or e["id"] != DEFAULT)]
        entries = [e for e in entries if not ids or e["id"] in ids]
    elif kind == "users":
        email, roles = scalar(query, "email"), array(query, "roles")
        entries = [e for e in entries if email in (None, e["email"]) and (not roles or e["role"] in roles)]
    else:
        status, workspace, creator = (scalar(query, name) for name in ("status", "workspace_id", "created_by_user_id"))
        if status not in (None, "active", "inactive", "archived", "expired"):
            raise bad("status: unknown value")
        homes = {id_: home for id_, (_, home, _) in zip(KEY_IDS, KEYS, strict=True)}
        entries = [e for e in entries if status in (None, e["status"]) and creator in (None, ADA)]
        entries = [e for e in entries if workspace in (None, homes[str(e["id"])] or DEFAULT)]
    limit, after, before = limit_of(query, 20, 1000), scalar(query, "after_id"), scalar(query, "before_id")
    order = [entry["id"] for entry in entries]
    cursor = after or before
    if (after and before) or (cursor and cursor not in order):
        raise bad("after_id / before_id: give one id of this list")
    if cursor:
        entries = entries[order.index(cursor) + 1 :] if after else entries[: order.index(cursor)]
    page = entries[-limit:] if before else entries[:limit]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
    return {"data": page, "has_more": len(page) < len(entries), **ends}


class _Http(ThreadingHTTPServer):
    witness: ContractServer


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one write

    def do_GET(self) -> None:
        status, request_id, body = self.server.witness.answer(self.command, self.path, self.headers)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("request-id", request_id)
        self.send_header("anthropic-organization-id", ORGANIZATION)
        if self.command != "GET":
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the witness until interrupted.")
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--refuse-every", type=int, default=0)
    options = parser.parse_args()
    with ContractServer(options.today, refuse_every=options.refuse_every, port=options.port) as server:
        print(f"url {server.url}\nkey {server.key}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
