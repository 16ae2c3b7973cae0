"""The match: the two halves of a day to charges, in a full outer match on all that both know.

A dimension that the bill leaves unknown matches every value; a line that still finds no usage is matched without its
geography, then its tier, then its context, and says so. Where one half does not tell the workspace, lines without use
and use without lines are matched across workspaces. What stays alone on either side is a row too, with its cause.
The newer dialect bills each key and actor, so there a line is mostly one use; lines of the older one are split.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

import duckdb
import pyarrow as pa

from tallystick.core.causes import CAUSE_SQL, CAUSES, PRIORITY, REQUESTS_ONLY
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.prices import PriceList
from tallystick.core.records import REQUESTS
from tallystick.core.table import Type
from tallystick.store.session import scratch
from tallystick.store.views import ACTOR
from tallystick.tally import allocate, late
from tallystick.tally.alias import known_as
from tallystick.tally.charge_rows import ChargeRows
from tallystick.tally.late import Doubts
from tallystick.tally.picodollars import whole_picodollars
from tallystick.tally.use_groups import KINDS, PLACED, UNIT_OF, WIDTH, groups, uses
from tallystick.tally.words import Words

Dialect = Literal["reports", "analytics"]

_KNOWN_BY = ", ".join((*PLACED, "kind"))
_WHO = ("key", "actor")
_EQUAL = ("product", "model", "tier", "context", "geo")
_RELAXED = ("geo", "tier", "context", "product")
_STEPS = (
    *(_RELAXED[:count] for count in range(len(_RELAXED) + 1)),
    *(("actor",), ("actor", "key"), (*_RELAXED, "actor"), (*_RELAXED, "actor", "key")),
)
"""What a line that finds no use is matched without, the nearest use first: all else alike before more is given up."""

# What the older reports do not know of a use or a line is not known; what it was before contract discounts neither.
_USAGE = {
    "reports": f"""
CREATE TEMP VIEW usage AS
SELECT * EXCLUDE (account, service_account), {ACTOR} AS actor, 'unknown' AS product, 0 AS requests FROM usage_records
""",  # noqa: S608 - our own names
    "analytics": "CREATE TEMP VIEW usage AS FROM usage_records",
}
_CONSTANTS = (
    *("none", "unknown", "unattributed", "default", "priority", "reported", "allocated"),
    *(*CAUSES, *KINDS, *UNIT_OF.values()),
    *(", ".join(step) for step in _STEPS),
    *(", ".join(name for name in step if name not in _WHO) for step in _STEPS),
)
"""What charges and queries may say that no record says."""
_COST = {
    "reports": """
CREATE TEMP VIEW cost AS
SELECT *, 'unknown' AS key, 'unknown' AS actor, 'unknown' AS product, NULL::DECIMAL(38, 0) AS list FROM cost_records
""",
    "analytics": "CREATE TEMP VIEW cost AS FROM cost_records",
}
_LINES = f"""
CREATE TEMP TABLE lines AS
SELECT row_number() OVER () AS line, *
FROM (
    SELECT day, {_KNOWN_BY},
        sum(billed)::HUGEINT AS total, sum(list)::HUGEINT AS listed
    FROM cost GROUP BY ALL
)
"""  # noqa: S608
# Of priority tier the tokens are prepaid and in no bill; its web searches are billed like all others.
_PAIRS = """
INSERT INTO pairs
SELECT lines.line, use_groups.use_group, '{relaxed}', use_groups.workspace = lines.workspace
FROM (FROM lines ANTI JOIN pairs USING (line)) AS lines JOIN {use_groups} AS use_groups USING (day, kind{equal})
WHERE (use_groups.tier <> 'priority' OR lines.tier = 'priority' OR kind = 'web_search')
    {loose}
"""
_ANY_OPEN = """
SELECT EXISTS (FROM lines ANTI JOIN pairs USING (line) SEMI JOIN use_groups USING (day, kind))
"""
_SPARE = "CREATE TEMP TABLE spare AS FROM use_groups ANTI JOIN pairs USING (use_group)"
_ANY_UNPLACED = f"""
SELECT EXISTS (FROM lines WHERE workspace IN {late.UNPLACED} AND line NOT IN (SELECT line FROM pairs))
    OR EXISTS (FROM spare WHERE workspace IN {late.UNPLACED})
"""  # noqa: S608
_UNPLACED = f" AND (lines.workspace IN {late.UNPLACED} OR use_groups.workspace IN {late.UNPLACED})"
_MONEY = ", ".join(
    f"{column.name}::DECIMAL(28, 0) AS {column.name}" for column in CHARGES.columns if column.type is Type.MONEY
)
_BILLED = f"""
SELECT uses.* EXCLUDE (list), coalesce(listed.list, uses.list) AS list,
    coalesce(parts.billed, times * {allocate.WEIGHT}) AS billed, coalesce(parts.users, multiples.users) AS users,
    coalesce(parts.relaxed, multiples.relaxed, 'none') AS relaxed,
    listed.list - coalesce(parts.billed, times * {allocate.WEIGHT}) AS discount
FROM uses LEFT JOIN multiples USING (use_group) LEFT JOIN (
    SELECT id, sum(share)::HUGEINT AS billed, max(users) AS users, max(nullif(relaxed, 'none')) AS relaxed
    FROM parts GROUP BY id
) AS parts USING (id) LEFT JOIN listed USING (id)
"""  # noqa: S608
_NOT_BILLED = """
SELECT *, NULL::BIGINT AS billed, NULL::BIGINT AS discount, 0 AS users, 'none' AS relaxed FROM uses
"""
_MATCHED = f"""
WITH billed AS ({{billed}}
), caused AS (
    SELECT records.rowid AS record, tier, tokens.cause AS of_tokens, searches.cause AS of_searches
    FROM records LEFT JOIN (FROM causes WHERE NOT search) AS tokens USING (day, workspace, model)
        LEFT JOIN (FROM causes WHERE search) AS searches USING (day, workspace, model)
)
SELECT id, quantity, {_MONEY}, relaxed,
    CASE WHEN billed IS NULL THEN 'none' WHEN users = 1 THEN 'reported' ELSE 'allocated' END
        AS method,
    CASE WHEN billed IS NOT NULL THEN 'none'
        WHEN id % {WIDTH} = {KINDS.index(REQUESTS)} THEN '{REQUESTS_ONLY}'
        WHEN tier = 'priority' THEN '{PRIORITY}'
        WHEN id % {WIDTH} = {KINDS.index("web_search")} THEN of_searches
        ELSE of_tokens END AS cause
FROM billed JOIN caused ON record = id // {WIDTH}
"""  # noqa: S608
_RECORDS = f"SELECT day, {', '.join(PLACED)} FROM records"  # noqa: S608
_AT_ONCE = 2**40
"""Rows of an answer that come as one piece, which charges then share and do not copy."""
_UNITS = " ".join(f"WHEN '{kind}' THEN '{unit}'" for kind, unit in UNIT_OF.items())
_ALONE = f"""
SELECT day, {_KNOWN_BY}, NULL::BIGINT AS quantity, CASE kind {_UNITS} ELSE 'unknown' END AS unit,
    {_MONEY}, 'reported' AS method, {CAUSE_SQL} AS cause, 'none' AS relaxed
FROM (
    SELECT lines.* REPLACE (text AS kind), listed AS list, NULL AS priced, NULL AS priced_high, total AS billed,
        listed - total AS discount
    FROM lines JOIN texts ON texts.number = lines.kind WHERE line NOT IN (SELECT line FROM pairs)
)
"""  # noqa: S608


def charges(
    usage: pa.Table,
    cost: pa.Table,
    billed_days: Collection[date],
    listed: PriceList,
    in_force: PriceList,
    source: Dialect = "reports",
    doubts: Doubts = Doubts(),  # noqa: B008 - it is frozen
) -> pa.Table:
    """The charges of the days of `usage` and `cost`, records of one organization: always the same, in no order.

    `listed` is the public price list, `in_force` the same with one's own lists on top. `billed_days` are the days whose
    bill has been read: only of these can it be said that something was not billed. `source` is the dialect that both
    are of: the lines of the older one do not know who asked. A model that the halves spell in several ways is one,
    under the id of the price lists. `doubts` says what may still come.
    """
    usage, cost = known_as(in_force.model, usage, cost)
    with scratch(threads=1) as duck:
        words = Words((usage, cost), _CONSTANTS)
        duck.register("usage_records", words.numbered(usage))
        duck.register("cost_records", words.numbered(_in_picodollars(cost)))
        known_days = {*usage["day"].unique().to_pylist(), *cost["day"].unique().to_pylist()}
        duck.register("days", doubts.days(known_days, billed_days, (listed, in_force)))
        duck.register("profiles", pa.table({"workspace": words.numbers(sorted(doubts.profiles))}))
        for statement in (_USAGE[source], _COST[source], _LINES):
            duck.execute(words.sql(statement))
        usage_columns = _WHO if source == "reports" else ()
        uses(duck, words, usage_columns, listed=listed, in_force=in_force)
        duck.execute("CREATE TEMP TABLE pairs (line BIGINT, use_group BIGINT, relaxed INTEGER, own BOOLEAN)")
        billed = cost.num_rows > 0
        if billed:
            groups(duck, words, usage_columns)
            _pair(duck, words, [name for name in (*_WHO, *_EQUAL) if name not in usage_columns])
            allocate.shares(duck, by="use_group")
            allocate.listed(duck)
        late.causes(duck, words, billed=billed)
        uses_billed = words.sql(_MATCHED.format(billed=_BILLED if billed else _NOT_BILLED))
        matched, records = (duck.sql(query).to_arrow_table(_AT_ONCE) for query in (uses_billed, _RECORDS))
        duck.register("texts", pa.table({"number": range(len(words.texts)), "text": words.texts}))
        alone = duck.sql(_ALONE).to_arrow_table() if billed else None
    [organization, *_] = [half["organization"][0].as_py() for half in (usage, cost) if half.num_rows] or [""]
    rows = ChargeRows(words, organization, source)
    halves = [rows.matched(records, matched), *([rows.alone(alone)] if alone else [])]
    return pa.concat_tables(halves).unify_dictionaries()


def _pair(duck: duckdb.DuckDBPyConnection, words: Words, equal: Collection[str]) -> None:
    """Fill `pairs` with the groups that each line is matched to, which are equal in these dimensions if that can be."""
    exact = f", workspace, {', '.join(equal)}"
    duck.execute(
        words.sql(_PAIRS.format(relaxed="none", use_groups="use_groups", equal=exact, loose=_agree(("speed",))))
    )
    steps = dict.fromkeys(tuple(name for name in step if name in equal) for step in _STEPS)
    for use_groups, workspace, extra in (("use_groups", ", workspace", ""), ("spare", "", _UNPLACED)):
        if not workspace:
            duck.execute(_SPARE)
            if not duck.execute(words.sql(_ANY_UNPLACED)).fetchall()[0][0]:
                break
        matched = 1
        for step in steps:
            if matched and not duck.execute(_ANY_OPEN).fetchall()[0][0]:
                break
            agreement = _agree([name for name in (*equal, "speed") if name not in step]) + extra
            relaxed = ", ".join(step) or "none"
            pairs = _PAIRS.format(relaxed=relaxed, use_groups=use_groups, equal=workspace, loose=agreement)
            [(matched,)] = duck.execute(words.sql(pairs)).fetchall()


def _in_picodollars(cost: pa.Table) -> pa.Table:
    """The bill in whole picodollars."""
    for name in {"billed", "list"} & set(cost.schema.names):
        cost = cost.set_column(cost.schema.get_field_index(name), name, whole_picodollars(cost[name]))
    return cost


def _agree(names: Collection[str]) -> str:
    """The condition that line and usage agree in these dimensions, so far as both know them."""
    return "".join(
        f" AND (lines.{name} IN ('unknown', 'none') OR use_groups.{name} = 'unknown' "
        f"OR use_groups.{name} = lines.{name})"
        for name in names
    )
