"""Records: what a page says, typed, and the tables of the ledger that hold them.

A table is described here once, as data; the ledger makes it real, and `tallystick schema` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tallystick.core.breakdowns import CUTS
from tallystick.core.dimensions import NAMED
from tallystick.core.time import Window

COUNTERS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")
"""The six counters of the usage report, five in tokens and one in searches."""

REQUESTS = "requests"
"""What the newer dialect counts besides; a kind of charge that is never billed."""

TOKENS = COUNTERS[:5]
"""The five token kinds; `total_tokens` is their sum."""


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """Tokens used in one bucket by one group.

    `dims` holds exactly the dimensions that were asked for, by our names; counters are tokens and searches.
    `extra` keeps, as sent, any field of the row that tallystick does not know (reports-api 1.2.2). `requests` is None
    where the report does not count them.
    """

    window: Window
    dims: Mapping[str, str]
    uncached_input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int
    web_searches: int
    extra: Mapping[str, object] = field(default_factory=dict)
    requests: int | None = None

    @property
    def total_tokens(self) -> int:
        """Uncached input, both cache writes, cache reads and output together."""
        return self.uncached_input + self.cache_write_5m + self.cache_write_1h + self.cache_read + self.output


@dataclass(frozen=True, slots=True)
class CostRecord:
    """What was billed in one bucket for one group, in exact US dollars (reports-api 1.3.2).

    `list` is the same before contract discounts, `requests` how many it was for; None where the report does not say.
    """

    window: Window
    dims: Mapping[str, str]
    billed: Decimal
    currency: str
    extra: Mapping[str, object] = field(default_factory=dict)
    list: Decimal | None = None
    requests: int | None = None


class State(StrEnum):
    """How far a day can be trusted: read while running, read after its end, or read 35 days after it."""

    RUNNING = "running"
    PROVISIONAL = "provisional"
    SETTLED = "settled"


class Type(StrEnum):
    """The types a ledger column can have; money is DECIMAL(28,12) US dollars."""

    TEXT = "text"
    COUNT = "count"
    DAY = "day"
    INSTANT = "instant"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger table."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True, slots=True)
class LedgerTable:
    """One table of the ledger: its columns and how its files are partitioned.

    `pinned` tables are part of every version; the archive's index is append-only and is not.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    partitions: tuple[str, ...] = ("organization",)
    pinned: bool = True


_COUNTERS = {
    "uncached_input": "input tokens read afresh",
    "cache_write_5m": "tokens written to the cache for five minutes",
    "cache_write_1h": "tokens written to the cache for an hour",
    "cache_read": "tokens read from the cache",
    "output": "tokens the model wrote",
    "web_searches": "web searches",
}
_ORGANIZATION = Column("organization", Type.TEXT, "id of the organization")
_WHEN = (_ORGANIZATION, Column("month", Type.TEXT, "UTC month, as 2026-10"), Column("day", Type.DAY, "UTC day"))
_HOUR = Column("hour_of_day", Type.COUNT, "hour of the UTC day, 0 to 23")


def _dims(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Type.TEXT, NAMED[name].meaning) for name in names)


_USAGE_DIMS = _dims("workspace", "key", "account", "service_account", "model", "tier", "context", "geo", "speed")
_USAGE = (*_USAGE_DIMS, *(Column(name, Type.COUNT, meaning) for name, meaning in _COUNTERS.items()))

USAGE_DAY = LedgerTable("usage", "tokens used, by UTC day", (*_WHEN, *_USAGE), ("organization", "month"))
USAGE_HOUR = LedgerTable("usage_hour", "tokens used, by UTC hour", (*_WHEN, _HOUR, *_USAGE), ("organization", "month"))
COST = LedgerTable(
    "cost",
    "what was billed, by UTC day and line",
    (
        *_WHEN,
        *_dims("workspace", "description", "cost_type", "model", "kind", "tier", "context", "geo", "speed"),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, US dollars"),
    ),
    ("organization", "month"),
)
_ANALYTICS = ("workspace", "key", "actor", "product", "model")
_SMALL = ("tier", "context", "geo", "speed")
_REQUESTS = Column("requests", Type.COUNT, "requests; null where the API does not count them")
_LIST = Column("list", Type.MONEY, "the same before contract discounts, US dollars")
ANALYTICS_USAGE = LedgerTable(
    "analytics_usage",
    "tokens used, by UTC day, as the newer dialect reports it",
    (
        *_WHEN,
        *_dims(*_ANALYTICS, *_SMALL),
        *(Column(name, Type.COUNT, meaning) for name, meaning in _COUNTERS.items()),
        _REQUESTS,
    ),
    ("organization", "month"),
)
ANALYTICS_COST = LedgerTable(
    "analytics_cost",
    "what was billed, by UTC day, key, actor and kind, as the newer dialect reports it",
    (
        *_WHEN,
        *_dims(*_ANALYTICS, "kind", *_SMALL),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, after contract discounts, before credits, US dollars"),
        _LIST,
    ),
    ("organization", "month"),
)
CUT_TABLES: Mapping[str, LedgerTable] = {
    cut.name: LedgerTable(
        cut.name,
        cut.meaning,
        (
            *_WHEN,
            *_dims(*cut.dims, "kind"),
            Column("currency", Type.TEXT, "currency of the bill; USD"),
            Column("billed", Type.MONEY, "amount billed, after contract discounts, before credits, US dollars"),
            _LIST,
        ),
        ("organization", "month"),
    )
    for cut in CUTS
}
"""The table of each cut, by its name."""
CHARGES = LedgerTable(
    "charges",
    "the tally: every billed line matched to who used it; one row = one line of the bill",
    (
        *_WHEN,
        *_dims(*_ANALYTICS, "kind", *_SMALL),
        Column("quantity", Type.COUNT, "how much was used, in `unit`; null where the usage report does not say"),
        Column("unit", Type.TEXT, "tokens, searches, requests, container-hours or session-hours"),
        Column(
            "list",
            Type.MONEY,
            "what that costs at list price, US dollars: the API's where it says so; null where there is no known rate",
        ),
        Column("priced", Type.MONEY, "what it costs by the price lists in force, one's own included; null likewise"),
        Column(
            "priced_high", Type.MONEY, "the most it can cost: more than `priced` only where no report shows the rate"
        ),
        Column("billed", Type.MONEY, "what was billed for it, US dollars; null where nothing was"),
        Column("discount", Type.MONEY, "list price less what was billed, where the API says both; else null"),
        Column("method", Type.TEXT, "how `billed` reached this row: reported, allocated or none"),
        Column("cause", Type.TEXT, "why only one half is there: priority tier, not billed yet, ...; else `none`"),
        Column("relaxed", Type.TEXT, "dimensions in which the two halves had to differ to be matched; else `none`"),
        Column("source", Type.TEXT, "the dialect that was matched: reports or analytics"),
    ),
    ("organization", "month"),
)
USED = LedgerTable(
    "used",
    "tokens used, by UTC day, from the dialect that the tally takes for the day: the charges, a column for each kind",
    (
        *_WHEN,
        *_dims(*_ANALYTICS, *_SMALL),
        *(Column(name, Type.COUNT, meaning) for name, meaning in _COUNTERS.items()),
        _REQUESTS,
    ),
)
BILL = LedgerTable(
    "bill",
    "what was billed, by UTC day and line, from the dialect that the tally takes for the day",
    (
        *_WHEN,
        *_dims(*_ANALYTICS, "description", "cost_type", "kind", *_SMALL),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, US dollars"),
        _LIST,
        Column("source", Type.TEXT, "the dialect that the line is of: reports or analytics"),
    ),
)
USED_HOUR = LedgerTable("used_hour", "tokens used, by UTC hour", (*USED.columns[:3], _HOUR, *USED.columns[3:]))
TOOLS = ("edit", "multi_edit", "write", "notebook_edit", "other")
"""The tools of Claude Code whose proposals people accept or reject; `other` is any that tallystick does not know."""
_TOLD = "null where it is not said"
ACTIVITY = LedgerTable(
    "activity",
    "Claude Code by UTC day, person and place: what was done in rows of model `none`, tokens in a row of each model",
    (
        *_WHEN,
        Column("actor", Type.TEXT, "user id, `person_...` for one whom the directory does not list, or API key id"),
        Column("actor_type", Type.TEXT, "user_actor or api_actor"),
        Column("customer", Type.TEXT, "how it is paid: api or subscription"),
        Column("subscription", Type.TEXT, "enterprise or team; `none` where there is none"),
        Column("terminal", Type.TEXT, "vscode, iTerm.app, tmux, ..."),
        Column("remote", Type.TEXT, "whether it ran elsewhere: true, false or unknown"),
        Column("model", Type.TEXT, "model id in rows that count tokens; `none` in those that count all else"),
        Column("sessions", Type.COUNT, f"sessions; {_TOLD}, as in rows of a model"),
        Column("lines_added", Type.COUNT, f"lines of code added; {_TOLD}"),
        Column("lines_removed", Type.COUNT, f"lines of code removed; {_TOLD}"),
        Column("commits", Type.COUNT, f"commits by Claude Code; {_TOLD}"),
        Column("pull_requests", Type.COUNT, f"pull requests by Claude Code; {_TOLD}"),
        *(
            Column(f"{tool}_{decision}", Type.COUNT, f"proposals of the {tool} tool that were {decision}; {_TOLD}")
            for tool in TOOLS
            for decision in ("accepted", "rejected")
        ),
        Column("input", Type.COUNT, f"input tokens; {_TOLD}, as in rows of model `none`"),
        Column("output", Type.COUNT, f"tokens the model wrote; {_TOLD}"),
        Column("cache_read", Type.COUNT, f"tokens read from the cache; {_TOLD}"),
        Column("cache_write", Type.COUNT, f"tokens written to the cache, for whatever time; {_TOLD}"),
        Column(
            "estimated", Type.MONEY, f"Anthropic's estimate in US dollars, of which the bill holds its own; {_TOLD}"
        ),
    ),
    ("organization", "month"),
)
DAYS = LedgerTable(
    "days",
    "what is known of each day: how far it can be trusted, and its control totals",
    (
        _ORGANIZATION,
        Column("source", Type.TEXT, "usage, cost, analytics_usage, analytics_cost, claude_code or a cut"),
        Column("grain", Type.TEXT, "`day` or `hour`"),
        Column("day", Type.DAY, "UTC day"),
        Column("state", Type.TEXT, "running, provisional (read under 35 days after its end) or settled"),
        *(Column(name, Type.COUNT, f"control total: {meaning}") for name, meaning in _COUNTERS.items()),
        Column("requests", Type.COUNT, "control total: requests; null where the API does not count them"),
        Column("billed", Type.MONEY, "control total: amount billed, US dollars; null for usage"),
        Column(
            "list", Type.MONEY, "control total: the same before contract discounts; null where the API does not say"
        ),
    ),
)
NAMES = LedgerTable(
    "names",
    "names of the organization, its workspaces, keys, users; a change is a new row, the newest holds",
    (
        _ORGANIZATION,
        Column("type", Type.TEXT, "organization, workspace, key, user, service_account"),
        Column("id", Type.TEXT, "id, as the dimension holds it"),
        Column("name", Type.TEXT, "name"),
        Column("email", Type.TEXT, "e-mail of a user"),
        Column("status", Type.TEXT, "active, archived, inactive, expired, or gone (no longer in the directory)"),
        Column("workspace", Type.TEXT, "workspace of a key; real id of the default workspace"),
        Column("created_by", Type.TEXT, "creator of a key"),
        Column("created_at", Type.TEXT, "instant of creation, as the API wrote it"),
        Column("ended_at", Type.TEXT, "instant of archiving or expiry, as the API wrote it"),
        Column("details", Type.TEXT, "tags, role, data residency and the like: JSON"),
        Column("seen_at", Type.INSTANT, "when this row was first read"),
    ),
)
NOTICES = LedgerTable(
    "notices",
    "Issues: oddities in the data that were noticed and did not stop the work",
    (
        _ORGANIZATION,
        Column("noticed_at", Type.INSTANT, "when it was noticed"),
        Column("kind", Type.TEXT, "what sort of oddity"),
        Column("subject", Type.TEXT, "what it concerns: a source and day, a field"),
        Column("text", Type.TEXT, "what was seen and what was done"),
    ),
)
LOSSES = LedgerTable(
    "losses",
    "answers that would empty or halve a day: not committed until a later sync reads the same, or --accept-loss",
    (
        _ORGANIZATION,
        Column("source", Type.TEXT, "as in `days`; or the list of the directory that lost names"),
        Column("grain", Type.TEXT, "`day` or `hour`"),
        Column("day", Type.DAY, "UTC day that stays as it was; of a list the day on which it was read"),
        Column("noticed_at", Type.INSTANT, "when that answer was first read"),
        Column("figures", Type.TEXT, "the sums of that answer: JSON"),
        Column("text", Type.TEXT, "what the ledger has and what the answer has"),
    ),
)
CLOSED = LedgerTable(
    "closed",
    "closed months: what each was closed with; nothing rewrites a row. What was restated later is in a later month",
    (
        _ORGANIZATION,
        Column("month", Type.TEXT, "the billing month that was closed, as 2026-10"),
        Column(
            "what",
            Type.TEXT,
            "charge; adjustment (of a month closed earlier: its day is before); rules, prices, provisional, closing",
        ),
        Column("day", Type.DAY, "UTC day of the use; null where the row is not of one"),
        *_dims(*_ANALYTICS, "kind", *_SMALL),
        Column("quantity", Type.COUNT, "the team's part of what was used, in `unit`; of an adjustment the change"),
        CHARGES.columns[[column.name for column in CHARGES.columns].index("unit")],
        Column("list", Type.MONEY, "the team's part of that at list price, US dollars; null as in charges"),
        Column("priced", Type.MONEY, "the same by the price lists in force, one's own included"),
        Column("billed", Type.MONEY, "the team's part of what was billed, US dollars; null where nothing was"),
        Column("discount", Type.MONEY, "the team's part of the discount; null as in charges"),
        *_dims("method", "cause"),
        Column("source", Type.TEXT, "the dialect that was matched: reports or analytics"),
        *_dims("team", "cost_center"),
        Column("rule", Type.TEXT, "the rule that owns it; `none` where none does"),
        Column("how", Type.TEXT, "team, or how the rule shares it: even, proportional, fixed; `none`"),
        Column("text", Type.TEXT, "what is no charge, as JSON: the rules of the owners, the price lists, the closing"),
    ),
    ("organization", "month"),
)
VERSIONS = LedgerTable(
    "versions",
    "committed states of the ledger, one a row; the newest holds",
    (
        Column("version", Type.COUNT, "number of the version"),
        Column("committed_at", Type.INSTANT, "when it was committed"),
        Column("organization", Type.TEXT, "whose data changed"),
        Column("what", Type.TEXT, "what was committed"),
        Column("tables", Type.TEXT, "the Delta version of every other table: JSON"),
        Column("totals", Type.TEXT, "the totals that were checked, and what each table must hold: JSON"),
    ),
    (),
    pinned=False,
)
PAGES = LedgerTable(
    "pages",
    "the archive's index: one row for each answer that was read",
    (
        _ORGANIZATION,
        Column("reading", Type.COUNT, "number of the reading that asked; its pages are judged together"),
        Column("attempt", Type.COUNT, "which try at its window this reading was"),
        Column("source", Type.TEXT, "usage, cost, analytics_usage, analytics_cost, claude_code, a cut or names"),
        Column("grain", Type.TEXT, "day or hour"),
        Column("window_start", Type.INSTANT, "start of the reading's window"),
        Column("window_end", Type.INSTANT, "end of the reading's window"),
        Column("read_at", Type.INSTANT, "when the reading began"),
        Column(
            "refreshed_at", Type.INSTANT, "until when the export behind the page was whole; null where it is not said"
        ),
        Column("purpose", Type.TEXT, "scout, before, cube, after, check, activity, or a list of the directory"),
        Column("place", Type.COUNT, "place of the page within the reading"),
        Column("request", Type.TEXT, "path and query"),
        Column("fixed", Type.TEXT, "dimensions that the query held fixed: JSON"),
        Column("hash", Type.TEXT, "SHA-256 of the page; its file is pages/<first two>/<hash>.zst"),
        Column("size", Type.COUNT, "bytes before compression"),
        Column("original", Type.TEXT, "SHA-256 of the page as it was answered; null where it is kept as it was"),
        Column("redacted", Type.TEXT, "why persons were left out: people = ids, people = hashed or forgotten; or null"),
    ),
    pinned=False,
)
SUCCESS = "success"
"""The source, in `pages`, of the page by which a sync says that it could read all that it was to read."""

PINNED: tuple[LedgerTable, ...] = (
    USAGE_DAY,
    USAGE_HOUR,
    COST,
    ANALYTICS_USAGE,
    ANALYTICS_COST,
    *CUT_TABLES.values(),
    CHARGES,
    ACTIVITY,
    DAYS,
    NAMES,
    NOTICES,
    LOSSES,
    CLOSED,
)
"""The tables that a version pins."""

MONEY = (COST, ANALYTICS_COST, *CUT_TABLES.values(), CHARGES)
"""The tables of what was billed."""

TALLIED_BY = "prices of "
"""Begins the name under which a version states the price lists that an organization was tallied by."""
CLOSED_AS = "closed "
"""Begins the name under which a version states the digest of what it closed: a month and an organization follow."""
