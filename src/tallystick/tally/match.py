"""The match: the two halves of a day to charges, in a full outer match on all that both know.

A dimension that the bill leaves unknown matches every value; a line that still finds no usage is matched without its
geography, then its tier, then its context, and says so. What stays alone on either side is a row too, with its cause.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb
import pyarrow as pa

from tallystick.core.prices import PriceList
from tallystick.core.records import CHARGES
from tallystick.ledger.tables import schema
from tallystick.tally import allocate
from tallystick.tally.picodollars import WHOLE, dollars, whole
from tallystick.tally.uses import UNIT, uses

_LINE = "workspace, model, kind, tier, context, geo, speed"
_LOOSE = ("model", "tier", "context", "geo", "speed")

_LINES = f"""
CREATE TEMP TABLE lines AS
SELECT row_number() OVER () AS line, organization, month, day, {_LINE}, sum(billed)::HUGEINT AS total
FROM cost GROUP BY organization, month, day, {_LINE}
"""  # noqa: S608 - our own names
# Of priority tier the tokens are prepaid and in no bill; its web searches are billed like all others.
_PAIRS = """
INSERT INTO pairs
SELECT lines.line, cells.cell, '{relaxed}' FROM lines JOIN cells USING (day, workspace, kind{equal})
WHERE NOT EXISTS (FROM pairs WHERE pairs.line = lines.line)
    AND (cells.tier <> 'priority' OR lines.tier = 'priority' OR kind = 'web_search')
    {loose}
"""
_MATCHED = f"""
WITH billed AS (
    SELECT used.*, coalesce(parts.billed, times * {allocate.WEIGHT}) AS billed,
        coalesce(parts.users, multiples.users) AS users, coalesce(parts.relaxed, multiples.relaxed, 'none') AS relaxed
    FROM used LEFT JOIN multiples USING (cell) LEFT JOIN (
        SELECT id, sum(share)::HUGEINT AS billed, max(users) AS users, max(nullif(relaxed, 'none')) AS relaxed
        FROM parts GROUP BY id
    ) AS parts USING (id)
)
SELECT * EXCLUDE (id, cell, users),
    CASE WHEN billed IS NULL THEN 'none' WHEN users = 1 THEN 'reported' ELSE 'allocated' END AS method,
    CASE WHEN billed IS NOT NULL THEN 'none'
        WHEN tier = 'priority' THEN 'priority tier'
        WHEN day NOT IN (SELECT day FROM billed_days) THEN 'not billed yet'
        ELSE 'not billed' END AS cause
FROM billed
"""  # noqa: S608
_ALONE = f"""
SELECT organization, month, day, {_LINE}, 'unknown' AS key, 'unknown' AS account, 'unknown' AS service_account,
    NULL::BIGINT AS quantity, {UNIT} AS unit,
    NULL::HUGEINT AS list, NULL::HUGEINT AS priced, NULL::HUGEINT AS priced_high, total AS billed, 'reported' AS method,
    CASE kind WHEN 'code_execution' THEN 'code execution' WHEN 'session_time' THEN 'session time' ELSE 'no usage' END
        AS cause,
    'none' AS relaxed
FROM lines WHERE line NOT IN (SELECT line FROM pairs)
"""  # noqa: S608


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
        uses(duck, listed, own)
        duck.execute(_LINES)
        duck.execute("CREATE TEMP TABLE pairs (line BIGINT, cell BIGINT, relaxed VARCHAR)")
        duck.execute(_PAIRS.format(relaxed="none", equal=", model, tier, context, geo", loose=_agree(("speed",))))
        for relaxed in ((), ("geo",), ("geo", "tier"), ("geo", "tier", "context")):
            loose = _agree([name for name in _LOOSE if name not in relaxed])
            duck.execute(_PAIRS.format(relaxed=", ".join(relaxed) or "none", equal="", loose=loose))
        allocate.shares(duck, by="cell")
        halves = [_typed(duck.sql(asked).to_arrow_table()) for asked in (_MATCHED, _ALONE)]
    return pa.concat_tables(halves)


def _agree(names: Collection[str]) -> str:
    """The condition that line and usage agree in these dimensions, so far as both know them."""
    return "".join(f" AND (lines.{it} IN ('unknown', 'none') OR cells.{it} IN ('unknown', lines.{it}))" for it in names)


def _typed(found: pa.Table) -> pa.Table:
    fits = schema(CHARGES)
    for name in ("list", "priced", "priced_high", "billed"):
        found = found.set_column(found.schema.get_field_index(name), name, dollars(found[name].cast(WHOLE)))
    return found.select(fits.names).cast(fits)
