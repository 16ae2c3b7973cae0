"""The match: the two halves of a day to charges, in a full outer match on all that both know.

A dimension that the bill leaves unknown matches every value; a line that still finds no usage is matched without its
geography, then its tier, then its context, and says so. What stays alone on either side is a row too, with its cause.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb
import pyarrow as pa

from tallystick.core.prices import UNITS, PriceList
from tallystick.core.records import CHARGES, TOKENS
from tallystick.ledger.tables import schema
from tallystick.tally import allocate
from tallystick.tally.picodollars import dollars, whole
from tallystick.tally.rates import KEY, rates

_WHO = "workspace, key, account, service_account, model, kind, tier, context, geo, speed"
_LINE = "workspace, model, kind, tier, context, geo, speed"
_LOOSE = ("model", "tier", "context", "geo", "speed")

_LONG = f"""
CREATE TEMP TABLE long AS
SELECT organization, month, day, workspace, key, account, service_account, model,
    CASE WHEN kind = 'web_searches' THEN 'web_search' ELSE kind END AS kind,
    tier, context, geo, speed, sum(quantity)::BIGINT AS quantity
FROM (UNPIVOT usage ON {", ".join(TOKENS)}, web_searches INTO NAME kind VALUE quantity)
WHERE quantity <> 0
GROUP BY ALL
"""  # noqa: S608 - our own names
_PRICED = f"""
CREATE TEMP TABLE used AS
SELECT row_number() OVER () AS id, long.*,
    {
    ", ".join(
        f'''CASE WHEN {rate} IS NOT NULL
        THEN (2 * quantity::HUGEINT * {rate}::HUGEINT + per) // (2 * per) END AS {name}'''
        for rate, name in (("list_rate", "list"), ("rate", "priced"), ("high_rate", "priced_high"))
    )
}
FROM long LEFT JOIN rates USING ({", ".join(KEY)})
"""  # noqa: S608
_LINES = f"""
CREATE TEMP TABLE lines AS
SELECT row_number() OVER () AS line, organization, month, day, {_LINE}, sum(billed)::HUGEINT AS total
FROM cost GROUP BY organization, month, day, {_LINE}
"""  # noqa: S608
# Of priority tier the tokens are prepaid and in no bill; its web searches are billed like all others.
_PAIRS = """
INSERT INTO pairs
SELECT lines.line, used.id, '{relaxed}' FROM lines JOIN used USING (day, workspace, kind{equal})
WHERE NOT EXISTS (FROM pairs WHERE pairs.line = lines.line)
    AND (used.tier <> 'priority' OR lines.tier = 'priority' OR kind = 'web_search')
    {loose}
"""
_CHARGES = """
SELECT organization, month, day, {who}, quantity, list::DECIMAL(38, 0) AS list, priced::DECIMAL(38, 0) AS priced,
    priced_high::DECIMAL(38, 0) AS priced_high, billed::DECIMAL(38, 0) AS billed,
    CASE WHEN billed IS NULL THEN 'none' WHEN users = 1 THEN 'reported' ELSE 'allocated' END AS method,
    CASE WHEN billed IS NOT NULL THEN 'none'
        WHEN tier = 'priority' THEN 'priority tier'
        WHEN day NOT IN (SELECT day FROM billed_days) THEN 'not billed yet'
        ELSE 'not billed' END AS cause,
    coalesce(relaxed, 'none') AS relaxed
FROM used LEFT JOIN (
    SELECT id, sum(share)::HUGEINT AS billed, max(users) AS users, max(nullif(relaxed, 'none')) AS relaxed
    FROM shares GROUP BY id
) USING (id)
UNION ALL
SELECT organization, month, day, workspace, 'unknown', 'unknown', 'unknown', model, kind, tier, context, geo, speed,
    NULL, NULL, NULL, NULL, total::DECIMAL(38, 0), 'reported',
    CASE kind WHEN 'code_execution' THEN 'code execution' WHEN 'session_time' THEN 'session time' ELSE 'no usage' END,
    'none'
FROM lines WHERE line NOT IN (SELECT line FROM pairs)
"""


def charges(
    usage: pa.Table, cost: pa.Table, billed_days: Collection[date], listed: PriceList, own: PriceList
) -> pa.Table:
    """The charges of the days of `usage` and `cost`, records of one organization: always the same, in no order.

    `listed` is the public price list, `own` the same with one's own lists on top. `billed_days` are the days whose
    bill has been read: only of these can it be said that something was not billed.
    """
    with duckdb.connect() as duck:
        duck.register("usage", usage)
        duck.register("cost", cost.set_column(cost.schema.get_field_index("billed"), "billed", whole(cost["billed"])))
        duck.register("billed_days", pa.table({"day": pa.array(sorted(billed_days), pa.date32())}))
        duck.execute(_LONG)
        distinct = duck.sql(f"SELECT DISTINCT {', '.join(KEY)} FROM long").to_arrow_table()  # noqa: S608
        duck.register("rates", rates(distinct.to_pylist(), listed, own))
        duck.execute(_PRICED)
        duck.execute(_LINES)
        duck.execute("CREATE TEMP TABLE pairs (line BIGINT, id BIGINT, relaxed VARCHAR)")
        duck.execute(_PAIRS.format(relaxed="none", equal=", model, tier, context, geo", loose=_agree(("speed",))))
        for relaxed in ((), ("geo",), ("geo", "tier"), ("geo", "tier", "context")):
            loose = _agree([name for name in _LOOSE if name not in relaxed])
            duck.execute(_PAIRS.format(relaxed=", ".join(relaxed) or "none", equal="", loose=loose))
        allocate.shares(duck)
        found = duck.sql(_CHARGES.format(who=_WHO)).to_arrow_table()
    return _typed(found)


def _agree(names: Collection[str]) -> str:
    """The condition that line and usage agree in these dimensions, so far as both know them."""
    return "".join(f" AND (lines.{it} IN ('unknown', 'none') OR used.{it} IN ('unknown', lines.{it}))" for it in names)


def _typed(found: pa.Table) -> pa.Table:
    fits = schema(CHARGES)
    for name in ("list", "priced", "priced_high", "billed"):
        found = found.set_column(found.schema.get_field_index(name), name, dollars(found[name]))
    units = pa.array(
        [UNITS[kind][0] if kind in UNITS else "unknown" for kind in found["kind"].to_pylist()], pa.string()
    )
    return found.append_column("unit", units).select(fits.names).cast(fits)
