"""The documented views: what `tallystick sql` reads, and the meaning of each column."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.core.dimensions import NAMED
from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.ledger_tables import (
    BILL,
    CHARGES,
    CLOSED,
    DAY_SUMS,
    DAY_USED,
    DAYS,
    LOSSES,
    MONTH_SUMS,
    MONTH_USED,
    NAMES,
    NOTICES,
    PAGES,
    USED,
    USED_HOUR,
    VERSIONS,
)
from tallystick.core.records import COUNTERS, REQUESTS
from tallystick.core.report_tables import (
    ACTIVITY,
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    BREAKDOWN_TABLES,
    COST,
    USAGE_DAY,
    USAGE_HOUR,
)
from tallystick.core.table import LedgerTable, Type

ACTOR = (
    "CASE WHEN account <> 'none' THEN account WHEN service_account <> 'none' THEN service_account "
    "ELSE 'unattributed' END"
)
"""Who asked, from the two columns of the older dialect."""
TOTAL_TOKENS = "uncached_input + cache_write_5m + cache_write_1h + cache_read + output"


@dataclass(frozen=True, slots=True)
class View:
    """One view: its SQL over the schema `ledger`, and (column, type, meaning) of each column."""

    name: str
    meaning: str
    sql: str
    columns: tuple[tuple[str, str, str], ...]


SQL = {
    Type.TEXT: "VARCHAR",
    Type.COUNT: "BIGINT",
    Type.DAY: "DATE",
    Type.INSTANT: "TIMESTAMPTZ",
    Type.MONEY: "DECIMAL(28,12)",
}
"""Column types of the ledger as SQL has them."""
NAMED_BY = {
    "organization": ("organization",),
    "workspace": ("workspace",),
    "key": ("key",),
    "actor": ("user", "service_account", "federated", "key", "actor"),
}
"""The dimensions that have names, and the types of the `names` table that hold them."""


def _plain(table: LedgerTable) -> View:
    columns = tuple((column.name, SQL[column.type], column.meaning) for column in table.columns)
    names = ", ".join(name for name, _, _ in columns)
    return View(table.name, table.meaning, f"SELECT {names} FROM ledger.{table.name}", columns)  # noqa: S608 - our own names


def _current_names() -> View:
    view = _plain(NAMES)
    names = ", ".join(name for name, *_ in view.columns)
    age = "row_number() OVER (PARTITION BY organization, type, id ORDER BY seen_at DESC) AS age"
    newest = f"SELECT {names} FROM (SELECT *, {age} FROM ledger.{NAMES.name}) AS aged WHERE age = 1"  # noqa: S608
    return View("names", "the newest name of everything", newest, view.columns)


def _with_names(
    table: LedgerTable, derived: dict[str, tuple[str, str, str]], names: tuple[str, ...], source: str = ""
) -> View:
    """A records table with derived columns ({name: (SQL, type, meaning)}) and a name beside each id.

    `source` is read in the place of the table.
    """
    plain = _plain(table)
    inner = "".join(f", {sql} AS {name}" for name, (sql, _, _) in derived.items())
    columns = plain.columns + tuple((name, kind, meaning) for name, (_, kind, meaning) in derived.items())
    joins, selection = (
        "",
        ", ".join(f"records.{name} AS {name}" for name, *_ in columns),
    )  # ClickHouse names no other so
    for name in names:
        types = ", ".join(f"'{kind}'" for kind in NAMED_BY[name])
        joins += (
            f" LEFT JOIN names AS of_{name} ON of_{name}.organization = records.organization"
            f" AND of_{name}.id = records.{name} AND of_{name}.type IN ({types})"
        )
        selection += f", coalesce(of_{name}.name, records.{name}) AS {name}_name"
        columns += ((f"{name}_name", "VARCHAR", f"newest name of the {name}; its id where there is none"),)
    return View(
        table.name,
        table.meaning,
        f"SELECT {selection} FROM (SELECT *{inner} FROM {source or f'ledger.{table.name}'}) AS records{joins}",  # noqa: S608 - our own names
        columns,
    )


_PIVOT = {
    name: f"CASE WHEN kind = '{'web_search' if name == 'web_searches' else name}' THEN quantity ELSE 0 END AS {name}"
    for name in COUNTERS
}
ALL_TOLD = "source = 'analytics' AND day NOT IN (SELECT day FROM ledger.analytics_usage WHERE requests IS NULL)"
"""Of a charge: whether the API told every request of its day; its reports may leave some null (analytics-api 1.4)."""


def _used(used: LedgerTable, charges: LedgerTable) -> str:
    """What was used as the SQL of charges or of sums of them."""
    requests = f"CASE WHEN {ALL_TOLD} THEN CASE WHEN kind = '{REQUESTS}' THEN quantity ELSE 0 END END AS requests"
    columns = ", ".join({**_PIVOT, "requests": requests}.get(column.name, column.name) for column in used.columns)
    return f"SELECT {columns} FROM ledger.{charges.name} WHERE quantity IS NOT NULL"  # noqa: S608 - our own names


DERIVED_SQL = {
    **{
        used: _used(used, charges)
        for used, charges in ((USED, CHARGES), (DAY_USED, DAY_SUMS), (MONTH_USED, MONTH_SUMS))
    },
    USED_HOUR: f"""
        SELECT organization, month, day, hour_of_day, workspace, key, {ACTOR} AS actor, 'unknown' AS product, model,
            tier, context, geo, speed, {", ".join(COUNTERS)}, NULL::BIGINT AS requests
        FROM ledger.usage_hour
    """,  # noqa: S608
    BILL: f"""
        WITH newer AS (
            SELECT DISTINCT organization, day FROM ledger.days WHERE source = 'analytics_cost' AND grain = 'day'
        ), lines AS (
            SELECT *, 'unknown' AS key, 'unknown' AS actor, 'unknown' AS product, NULL::DECIMAL(28,12) AS list,
                'reports' AS source
            FROM ledger.cost ANTI JOIN newer USING (organization, day)
            UNION ALL BY NAME
            SELECT *, 'none' AS description, CASE kind WHEN 'session_time' THEN 'session_usage' WHEN 'web_search'
                THEN kind WHEN 'code_execution' THEN kind ELSE 'tokens' END AS cost_type, 'analytics' AS source
            FROM ledger.analytics_cost SEMI JOIN newer USING (organization, day)
        )
        SELECT {", ".join(column.name for column in BILL.columns)} FROM lines
    """,  # noqa: S608
}
"""What each derived table is made of; requests are null where the older dialect was read, which counts none.

Of what was used it has a row for each charge, for whoever asks sums it; the view has one for each use.
"""
_USE = [column.name for column in USED.columns if column.name not in {*COUNTERS, "requests"}]
_SUMMED = f"""(
    SELECT {", ".join(_USE)}, {", ".join(f"sum({name})::BIGINT AS {name}" for name in COUNTERS)},
        CASE WHEN count(*) = count(requests) THEN sum(requests) END::BIGINT AS requests
    FROM ledger.used GROUP BY ALL
) AS used"""  # noqa: S608

_USED = {
    "actor": (ACTOR, "VARCHAR", NAMED["actor"].meaning),
    "total_tokens": (TOTAL_TOKENS, "BIGINT", "uncached input, both cache writes, cache reads and output"),
}


def _owned(charges: View) -> View:
    """The charges with their owners; nobody owns anything until `Engine.stand` puts the rules' answer in its place."""
    columns = tuple(column for column in charges.columns if column[0] not in UNSPLIT)
    owners = (
        ("team", "VARCHAR", "the team that owns it, by the owner rules"),
        ("cost_center", "VARCHAR", "its center"),
    )
    return View(
        OWNED,
        "the charges with team and cost center; a shared one is split exactly, a row for each team with a part in it",
        f"SELECT {', '.join(name for name, *_ in columns)}, 'unowned' AS team, 'unowned' AS cost_center FROM charges",  # noqa: S608 - our own names
        (*columns, *owners),
    )


OWNED = "owned"
"""The view of the charges with their owners."""
UNSPLIT = ("priced_high",)
"""What of a charge is not split among teams."""
_CHARGES = _with_names(CHARGES, {}, ("workspace", "key", "actor"))
VIEWS: tuple[View, ...] = (
    _current_names(),
    _with_names(USAGE_DAY, _USED, ("workspace", "key", "actor")),
    _with_names(
        USAGE_HOUR,
        {"hour": ("day + to_hours(hour_of_day)", "TIMESTAMP", "start of the UTC hour"), **_USED},
        ("workspace", "key", "actor"),
    ),
    _with_names(COST, {}, ("workspace",)),
    _with_names(ANALYTICS_USAGE, {"total_tokens": _USED["total_tokens"]}, ("workspace", "key", "actor")),
    _with_names(ANALYTICS_COST, {}, ("workspace", "key", "actor")),
    *(
        _with_names(table, {}, tuple(column.name for column in table.columns if column.name == "workspace"))
        for table in BREAKDOWN_TABLES.values()
    ),
    _CHARGES,
    _owned(_CHARGES),
    _with_names(USED, {"total_tokens": _USED["total_tokens"]}, ("workspace", "key", "actor"), _SUMMED),
    _with_names(BILL, {}, ("workspace", "key", "actor")),
    _with_names(ACTIVITY, {}, ("actor",)),
    _with_names(CLOSED, {}, ("workspace", "key", "actor")),
    _plain(DAYS),
    _plain(NOTICES),
    _plain(LOSSES),
    _plain(FORECASTS),
    _plain(FINDINGS),
    _plain(DELIVERIES),
    _plain(VERSIONS),
    _plain(PAGES),
)
"""Every view, in the order in which they are made."""
