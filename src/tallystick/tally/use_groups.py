"""Use groups: use of one day, workspace, product, model, kind, tier, context, geography and speed, with its price.

Rates, and lines of an older bill, know no users: they depend on the group of a use alone. Groups are few beside users,
so groups are what is priced and matched. Where the bill knows who asked, so does the group. Text is ENUM here: numbers
in the order of the text, which group, join and sort as numbers do.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from tallystick.core.price_entries import UNITS
from tallystick.core.prices import PriceList
from tallystick.core.records import REQUESTS
from tallystick.tally.conservation import KIND_OF
from tallystick.tally.rates import KEY, periods, rates

PLACED = ("workspace", "key", "actor", "product", "model", "tier", "context", "geo", "speed")
"""All that a use is known by, beside its day."""
_KINDS = tuple(KIND_OF.values())
_PRICES = {"list_rate": "list", "rate": "priced", "high_rate": "priced_high"}
_UNITS = " ".join(f"WHEN '{kind}' THEN '{unit}'" for kind, (unit, _) in UNITS.items())
UNIT = f"CASE kind {_UNITS} WHEN '{REQUESTS}' THEN '{REQUESTS}' ELSE 'unknown' END"

_ENUM = "CREATE TEMP TYPE {name} AS ENUM (SELECT DISTINCT {name} FROM usage ORDER BY {name})"
_KIND = f"CREATE TEMP TYPE kind AS ENUM ({', '.join(map(repr, _KINDS))})"
_RECORDS = f"""
CREATE TEMP TABLE records AS
SELECT day, {", ".join(f"{name}::{name} AS {name}" for name in PLACED)},
    {", ".join(f"sum({counter})::BIGINT AS {kind}" for counter, kind in KIND_OF.items())}
FROM usage GROUP BY ALL
"""  # noqa: S608 - our own names
_PLACES = f"""
CREATE TEMP TABLE places AS
SELECT row_number() OVER () AS place, {{use_group}}, {", ".join(f"max({kind}) AS most_{kind}" for kind in _KINDS)}
FROM records GROUP BY {{use_group}}
"""  # noqa: S608
_ASKED = f"""
CREATE TEMP TABLE asked AS
SELECT * REPLACE (kind[6:]::kind AS kind)
FROM (UNPIVOT places ON {", ".join(f"most_{kind}" for kind in _KINDS)} INTO NAME kind VALUE most) WHERE most > 0
"""  # noqa: S608
# A rate for `per` units is so many whole picodollars a unit, and a rest for `per` of them, mostly none.
_CELLS = f"""
CREATE TEMP TABLE use_groups AS
SELECT row_number() OVER (ORDER BY {{use_group}}, kind) AS use_group, organization, month, asked.*, {UNIT} AS unit, per,
    {", ".join(f"{column}::HUGEINT // per AS {column}, {column}::HUGEINT % per AS {column}_rest" for column in _PRICES)}
FROM asked JOIN (SELECT DISTINCT organization, month, day FROM usage) USING (day) JOIN periods USING (day)
    LEFT JOIN rates USING ({", ".join(KEY)})
"""  # noqa: S608
_LARGE = f"""
SELECT count(*) FROM use_groups
WHERE 2 * most::HUGEINT + 1 > {2**63 - 1} // greatest(per, {", ".join(f"{column} + 1" for column in _PRICES)})
"""  # noqa: S608
_USES = f"""
CREATE TEMP TABLE uses AS
WITH placed AS MATERIALIZED (
    SELECT place, {{who}} {", ".join(f"records.{kind}" for kind in _KINDS)}
    FROM records JOIN places USING ({{use_group}})
), counted AS ({
    " UNION ALL ".join(
        f"SELECT place, {{who}} '{kind}'::kind AS kind, {kind} AS quantity FROM placed WHERE {kind} > 0"
        for kind in _KINDS
    )
})
SELECT use_group, {{who}} quantity FROM counted JOIN use_groups USING (place, kind) ORDER BY use_group
"""  # noqa: S608
# Half a picodollar and more is one more.
_USED = f"""
CREATE TEMP VIEW used AS
SELECT uses.rowid AS id, use_group, organization, month, day, kind, {", ".join(PLACED)}, unit, quantity, {
    ", ".join(
        f"quantity * {column}::{{integer}} + (2 * quantity * {column}_rest::{{integer}} + per) // (2 * per) AS {price}"
        for column, price in _PRICES.items()
    )
}
FROM uses JOIN use_groups USING (use_group)
"""  # noqa: S608


def uses(
    duck: duckdb.DuckDBPyConnection, listed: PriceList, in_force: PriceList, usage_columns: Collection[str]
) -> None:
    """Make the tables `use_groups` and `used` of the table `usage`: records of one organization.

    `usage_columns` are the columns of `PLACED` that the bill does not know.
    """
    columns = {
        "use_group": ", ".join(("day", *(name for name in PLACED if name not in usage_columns))),
        "who": "".join(f"{name}, " for name in PLACED if name in usage_columns),
    }
    for name in PLACED:
        duck.execute(_ENUM.format(name=name))
    for statement in (_KIND, _RECORDS, _PLACES.format(**columns), _ASKED):
        duck.execute(statement)
    days = duck.sql("SELECT DISTINCT day FROM asked").to_arrow_table()
    duck.register("periods", periods(days["day"].to_pylist(), listed, in_force))
    combinations = duck.sql(f"SELECT DISTINCT {', '.join(KEY)} FROM asked JOIN periods USING (day)")  # noqa: S608
    duck.register("rates", rates(combinations.to_arrow_table().to_pylist(), listed, in_force))
    duck.execute(_CELLS.format(**columns))
    [(large,)] = duck.execute(_LARGE).fetchall()
    duck.execute(_USES.format(**columns))
    duck.execute(_USED.format(integer="HUGEINT" if large else "BIGINT"))
