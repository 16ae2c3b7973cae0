"""Use groups: use of one day, workspace, product, model, kind, tier, context, geography and speed, with its price.

Rates, and lines of an older bill, know no users: they depend on the group of a use alone. Groups are few beside users,
so groups are what is matched. Where the bill knows who asked, so does the group.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from tallystick.core.price_entries import UNITS
from tallystick.core.prices import PriceList
from tallystick.core.records import REQUESTS
from tallystick.tally.conservation import KIND_OF
from tallystick.tally.rates import KEY, rates

PLACED = ("workspace", "key", "actor", "product", "model", "tier", "context", "geo", "speed")
"""All that a use is known by, beside its day."""
KINDS = tuple(KIND_OF.values())
_PRICES = {"list_rate": "list", "rate": "priced", "high_rate": "priced_high"}
UNIT_NAMES = ("unknown", *(unit for unit, _ in UNITS.values()))
_UNITS = " ".join(f"WHEN '{kind}' THEN '{unit}'" for kind, (unit, _) in UNITS.items())
UNIT = f"CASE kind {_UNITS} WHEN '{REQUESTS}' THEN '{REQUESTS}' ELSE 'unknown' END"
_UNIT_OF = {kind: UNITS[kind][0] if kind in UNITS else REQUESTS for kind in KINDS}
_WIDTH = len(KINDS)

# In the order of the groups, so that whatever is made of the records stands by day.
_RECORDS = f"""
CREATE TEMP TABLE records AS
SELECT dense_rank() OVER (ORDER BY {{use_group}}) AS place, *
FROM (
    SELECT organization::word AS organization, month::word AS month, day,
        {", ".join(f"{name}::word AS {name}" for name in PLACED)},
        {", ".join(f"sum({counter})::BIGINT AS {kind}" for counter, kind in KIND_OF.items())}
    FROM usage GROUP BY ALL
) ORDER BY place
"""  # noqa: S608 - our own names
_TERMS = [name for name in KEY if name != "kind"]
_COMBINATIONS = f"""
SELECT {", ".join(_TERMS)}, {", ".join(f"max({kind})" for kind in KINDS)}
FROM records JOIN days USING (day) GROUP BY ALL
"""  # noqa: S608
# A rate for `per` units is so many whole picodollars a unit, and a rest for `per` of them, mostly none.
_PRICED = f"""
SELECT {", ".join(name if name == "since" else f"{name}::word AS {name}" for name in KEY)}, most, per,
    coalesce(rate > 0, false) AS has_price, {
    ", ".join(
        f"({column}::HUGEINT // per)::{{integer}} AS {column}, ({column}::HUGEINT % per)::{{integer}} AS {column}_rest"
        for column in _PRICES
    )
}
FROM rates
"""  # noqa: S608
_LARGE = f"""
SELECT count(*) FROM ({_PRICED.format(integer="HUGEINT")})
WHERE 2 * most::HUGEINT + 1 > {2**63 - 1} // greatest(per, {
    ", ".join(f"{column} + 1, {column}_rest + 1" for column in _PRICES)
})
"""  # noqa: S608
_LISTS = f"""unnest([{", ".join(map(str, range(_WIDTH)))}]) AS number,
        unnest([{", ".join(f"'{kind}'::word" for kind in KINDS)}]) AS kind"""
# Half a picodollar and more is one more.
_USES = f"""
CREATE TEMP TABLE uses AS
WITH counted AS (
    SELECT place, since, organization, month, day, {", ".join(PLACED)}, {_LISTS},
        unnest([{", ".join(f"'{_UNIT_OF[kind]}'::word" for kind in KINDS)}]) AS unit,
        unnest([{", ".join(KINDS)}]) AS quantity
    FROM records JOIN days USING (day)
)
SELECT place * {_WIDTH} + number AS use_group, organization, month, day, kind, {", ".join(PLACED)}, unit, quantity,
    has_price, {
    ", ".join(
        f"quantity * {column} + (2 * quantity * {column}_rest + per) // (2 * per) AS {price}"
        for column, price in _PRICES.items()
    )
}
FROM counted JOIN ({_PRICED}) USING ({", ".join(KEY)}) WHERE quantity > 0
"""  # noqa: S608
_USED = "CREATE TEMP VIEW used AS SELECT rowid AS id, * FROM uses"
_GROUPS = f"""
CREATE TEMP TABLE use_groups AS
SELECT place * {_WIDTH} + number AS use_group, * EXCLUDE (place, number, most)
FROM (
    SELECT place, {{use_group}}, {_LISTS}, unnest([{", ".join(f"max({kind})" for kind in KINDS)}]) AS most
    FROM records GROUP BY place, {{use_group}}
) WHERE most > 0
"""  # noqa: S608


def uses(
    duck: duckdb.DuckDBPyConnection, listed: PriceList, in_force: PriceList, usage_columns: Collection[str]
) -> None:
    """Make the tables `use_groups` and `used` of the tables `usage` and `days`: records of one organization.

    `usage_columns` are the columns of `PLACED` that the bill does not know.
    """
    use_group = ", ".join(("day", *(name for name in PLACED if name not in usage_columns)))
    duck.execute(_RECORDS.format(use_group=use_group))
    combinations = [
        dict(zip(_TERMS, row, strict=False)) | {"kind": kind, "most": most}
        for row in duck.execute(_COMBINATIONS).fetchall()
        for kind, most in zip(KINDS, row[len(_TERMS) :], strict=True)
        if most > 0
    ]
    duck.register("rates", rates(combinations, listed, in_force))
    [(large,)] = duck.execute(_LARGE).fetchall()
    duck.execute(_USES.format(integer="HUGEINT" if large else "BIGINT"))
    duck.execute(_USED)
    duck.execute(_GROUPS.format(use_group=use_group))
