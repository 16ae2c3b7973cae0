"""Tables that the ledger makes of what it read: charges, days, names, and what it remembers of itself."""

from __future__ import annotations

from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.report_tables import ANALYTICS_COST, BREAKDOWN_TABLES, COST, REPORT_TABLES
from tallystick.core.table import (
    ACTOR_DIMS,
    COUNTS,
    HOUR,
    LIST_PRICE,
    ORGANIZATION,
    REQUEST_COUNT,
    SMALL_DIMS,
    WHEN,
    Column,
    LedgerTable,
    Type,
    dims,
)

CHARGES = LedgerTable(
    "charges",
    "the tally: every billed line matched to who used it; one row = one line of the bill",
    (
        *WHEN,
        *dims(*ACTOR_DIMS, "kind", *SMALL_DIMS),
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
UNSUMMED = ("key", "actor", "relaxed", "priced_high")
"""The columns of charges that no sum of a day has; those of a month have the first two. Few questions ask for them."""
FIGURES = ("quantity", "list", "priced", "billed", "discount")
"""What is summed of charges, and split where a charge has several owners."""
DAY_SUMS = LedgerTable(
    "day_sums",
    "sums of the charges of a day that are alike but for key and actor, and in which of their figures are null",
    (
        *(column for column in CHARGES.columns if column.name not in UNSUMMED),
        Column("rows", Type.COUNT, "how many charges it is the sum of"),
        Column("exceptions", Type.COUNT, "how many of them have a cause, are prepaid, or have no known price"),
    ),
    CHARGES.partitions,
)
MONTH_SUMS = LedgerTable(
    "month_sums",
    "sums of the charges of a month that are alike but for their day, and in which of their figures are null",
    (
        *WHEN[:2],
        Column("day", Type.DAY, "the newest UTC day of them"),
        *(column for column in CHARGES.columns if column not in WHEN and column.name not in UNSUMMED[2:]),
        Column("days", Type.COUNT, "their days: bit n is set where one is of day n of the month"),
        Column("rows", Type.COUNT, "how many charges it is the sum of"),
    ),
    CHARGES.partitions,
)
USED = LedgerTable(
    "used",
    "tokens used, by UTC day, from the dialect that the tally takes for the day: the charges, a column for each kind",
    (
        *WHEN,
        *dims(*ACTOR_DIMS, *SMALL_DIMS),
        *COUNTS,
        REQUEST_COUNT,
    ),
)
DAY_USED = LedgerTable(
    "day_used",
    "the same of day sums",
    (*(column for column in USED.columns if column.name not in UNSUMMED), *DAY_SUMS.columns[-2:]),
)
MONTH_USED = LedgerTable(
    "month_used",
    "the same of month sums, but for requests: whether the API told all is known of each day",
    (
        *(column for column in USED.columns if column.name not in {*UNSUMMED[2:], REQUEST_COUNT.name}),
        MONTH_SUMS.columns[-1],
    ),
)
BILL = LedgerTable(
    "bill",
    "what was billed, by UTC day and line, from the dialect that the tally takes for the day",
    (
        *WHEN,
        *dims(*ACTOR_DIMS, "description", "cost_type", "kind", *SMALL_DIMS),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, US dollars"),
        LIST_PRICE,
        Column("source", Type.TEXT, "the dialect that the line is of: reports or analytics"),
    ),
)
USED_HOUR = LedgerTable("used_hour", "tokens used, by UTC hour", (*USED.columns[:3], HOUR, *USED.columns[3:]))
DAYS = LedgerTable(
    "days",
    "what is known of each day: how far it can be trusted, and its control totals",
    (
        ORGANIZATION,
        Column("source", Type.TEXT, "usage, cost, analytics_usage, analytics_cost, claude_code or a breakdown"),
        Column("grain", Type.TEXT, "`day` or `hour`"),
        Column("day", Type.DAY, "UTC day"),
        Column("state", Type.TEXT, "running, provisional (read under 35 days after its end) or settled"),
        *(Column(column.name, column.type, f"control total: {column.meaning}") for column in COUNTS),
        Column("requests", Type.COUNT, "control total: requests; null where the API does not count them"),
        Column("billed", Type.MONEY, "control total: amount billed, US dollars; null for usage"),
        Column(
            "list", Type.MONEY, "control total: the same before contract discounts; null where the API does not say"
        ),
        Column("rows", Type.COUNT, "rows that the day has in the table of its source"),
        Column("digest", Type.TEXT, "what tells these rows from others; empty where there are none"),
    ),
)
TALLIES = LedgerTable(
    "tallies",
    "what the tally made of each day",
    (
        ORGANIZATION,
        Column("day", Type.DAY, "UTC day"),
        Column("charges", Type.COUNT, "how many charges it has"),
        Column("late", Type.COUNT, "how many of them wait for a bill that may be late in part"),
        Column("digest", Type.TEXT, "what tells these charges from others; empty where there are none"),
    ),
)
NAMES = LedgerTable(
    "names",
    "names of the organization, its workspaces, keys, users; a change is a new row, the newest holds",
    (
        ORGANIZATION,
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
        ORGANIZATION,
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
        ORGANIZATION,
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
        ORGANIZATION,
        Column("month", Type.TEXT, "the billing month that was closed, as 2026-10"),
        Column(
            "what",
            Type.TEXT,
            "charge; adjustment (of a month closed earlier: its day is before); rules, prices, provisional, closing",
        ),
        Column("day", Type.DAY, "UTC day of the use; null where the row is not of one"),
        *dims(*ACTOR_DIMS, "kind", *SMALL_DIMS),
        Column("quantity", Type.COUNT, "the team's part of what was used, in `unit`; of an adjustment the change"),
        CHARGES.columns[[column.name for column in CHARGES.columns].index("unit")],
        Column("list", Type.MONEY, "the team's part of that at list price, US dollars; null as in charges"),
        Column("priced", Type.MONEY, "the same by the price lists in force, one's own included"),
        Column("billed", Type.MONEY, "the team's part of what was billed, US dollars; null where nothing was"),
        Column("discount", Type.MONEY, "the team's part of the discount; null as in charges"),
        *dims("method", "cause"),
        Column("source", Type.TEXT, "the dialect that was matched: reports or analytics"),
        *dims("team", "cost_center"),
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
        ORGANIZATION,
        Column("reading", Type.COUNT, "number of the reading that asked; its pages are judged together"),
        Column("attempt", Type.COUNT, "which try at its window this reading was"),
        Column(
            "source",
            Type.TEXT,
            "as in `days`; names: the directory; success: a sync could read all it was to read; stop: it was stopped",
        ),
        Column("grain", Type.TEXT, "day or hour"),
        Column("window_start", Type.INSTANT, "start of the reading's window"),
        Column("window_end", Type.INSTANT, "end of the reading's window"),
        Column("read_at", Type.INSTANT, "when the reading began"),
        Column(
            "refreshed_at", Type.INSTANT, "until when the export behind the page was whole; null where it is not said"
        ),
        Column(
            "purpose", Type.TEXT, "scout, before, cube, after, check, activity, gap, lost, or a list of the directory"
        ),
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
STOP = "stop"
"""The source, in `pages`, of the page by which a sync says what stopped it: no answer, or none but errors."""
LOST = "lost"
"""The purpose, in `pages`, of the pages of a reading of which one was damaged: it counts as never read."""
UNREAD = "unread"
"""The purpose, in `pages`, of the page by which the archive remembers that a window could not be read."""
STAND_IN = "organization:"
"""Begins what stands for the id of an organization that no sync has read; its name in the settings follows."""

PINNED: tuple[LedgerTable, ...] = (
    *REPORT_TABLES,
    CHARGES,
    DAY_SUMS,
    MONTH_SUMS,
    TALLIES,
    DAYS,
    NAMES,
    NOTICES,
    LOSSES,
    CLOSED,
)
"""The tables that a version pins."""
GROWING = (PAGES, FORECASTS, FINDINGS, DELIVERIES)
"""The tables that grow without a version."""
TABLES = (*PINNED, *GROWING, VERSIONS)
"""Every table that is stored."""

MONEY = (COST, ANALYTICS_COST, *BREAKDOWN_TABLES.values(), CHARGES)
"""The tables of what was billed."""

TALLIED_BY = "prices of "
"""Begins the name under which a version states the price lists that an organization was tallied by."""
READING = "newest reading"
"""The name under which a version states the newest reading of `pages` whose answers it holds."""
CLOSED_AS = "closed "
"""Begins the name under which a version states the digest of what it closed: a month and an organization follow."""
