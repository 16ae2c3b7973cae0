"""Use groups: use of one day, workspace, product, model, kind, tier, context, geography and speed, with its price.

Rates, and lines of an older bill, know no users: they depend on the group of a use alone. Groups are few beside users,
so groups are what is matched. Where the bill knows who asked, so does the group. A use has no more than numbers: who
and what it is of stands in its record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb

from tallystick.core.dimensions import TERMS
from tallystick.core.price_entries import UNITS
from tallystick.core.prices import PriceList
from tallystick.core.records import REQUESTS
from tallystick.tally.conservation import KIND_OF
from tallystick.tally.rates import rates
from tallystick.tally.words import Words

PLACED = ("workspace", "key", "actor", "product", "model", "tier", "context", "geo", "speed")
"""All that a use is known by, beside its day."""
KINDS = tuple(KIND_OF.values())
UNIT_OF = {kind: UNITS[kind][0] if kind in UNITS else REQUESTS for kind in (*UNITS, *KINDS)}
"""What each kind is counted in."""
WIDTH = len(KINDS)
"""A use is numbered `record * WIDTH + number`, by the row of its record and its kind's number; a group likewise."""
_PRICES = {"list_rate": "list", "rate": "priced", "high_rate": "priced_high"}

_TERMS = [name for name in TERMS if name != "kind"]
_PRICED_BY = ", ".join(("since", *_TERMS))
_NEW_TERMS = f"""
CREATE TEMP TABLE terms AS
SELECT row_number() OVER () AS term, * FROM (SELECT DISTINCT {_PRICED_BY} FROM usage JOIN days USING (day))
"""  # noqa: S608 - our own names
# In the order of the groups, so that whatever is made of the records stands by day.
_RECORDS = f"""
CREATE TEMP TABLE records AS
SELECT dense_rank() OVER (ORDER BY {{use_group}}) AS place, term, * EXCLUDE (term, since)
FROM (
    SELECT day, {", ".join(PLACED)},
        {", ".join(f"sum({counter})::BIGINT AS {kind}" for counter, kind in KIND_OF.items())}
    FROM usage GROUP BY ALL
) JOIN (SELECT day, since FROM days) USING (day) JOIN terms USING ({_PRICED_BY})
"""  # noqa: S608
_COMBINATIONS = f"""
SELECT term, {_PRICED_BY}, {", ".join(f"max({kind})" for kind in KINDS)}
FROM records JOIN (SELECT term, since FROM terms) USING (term) GROUP BY ALL
"""  # noqa: S608
# A rate for `per` units is so many whole picodollars a unit, and a rest for `per` of them, mostly none.
_RATES = f"""
CREATE TEMP TABLE rates AS
SELECT term, number, most, per, coalesce(rate > 0, false) AS has_price, {
    ", ".join(f"{column}::HUGEINT // per AS {column}, {column}::HUGEINT % per AS {column}_rest" for column in _PRICES)
}
FROM listed_rates
"""  # noqa: S608
_SIZES = f"""
SELECT coalesce(bool_or(2 * most::HUGEINT + 1 > {2**63 - 1} // greatest(per, {
    ", ".join(f"{column} + 1, {column}_rest + 1" for column in _PRICES)
})), false), coalesce(bool_or(greatest({", ".join(f"{column}_rest" for column in _PRICES)}) > 0), false)
FROM rates
"""  # noqa: S608
_NUMBERS = f"unnest([{', '.join(map(str, range(WIDTH)))}]) AS number"
_USES = f"""
CREATE TEMP TABLE uses AS
SELECT record * {WIDTH} + number AS id, place * {WIDTH} + number AS use_group, quantity, {{products}}
FROM (
    SELECT rowid AS record, place, term, {_NUMBERS}, unnest([{", ".join(KINDS)}]) AS quantity FROM records
) JOIN rates USING (term, number) WHERE quantity > 0
"""  # noqa: S608
_EVEN = "quantity * {column}::{integer} AS {price}"
# Half a picodollar and more is one more.
_ROUNDED = "quantity * {column}::{integer} + (2 * quantity * {column}_rest::{integer} + per) // (2 * per) AS {price}"
_USED = f"CREATE TEMP VIEW used AS FROM uses JOIN records ON records.rowid = uses.id // {WIDTH}"
_GROUPS = f"""
CREATE TEMP TABLE use_groups AS
SELECT place * {WIDTH} + number AS use_group, * EXCLUDE (place, number),
    [{", ".join(f"'{kind}'" for kind in KINDS)}][number + 1] AS kind
FROM ({{kinds_used}})
"""  # noqa: S608


def kinds_used(by: Iterable[str]) -> str:
    """The SQL of the numbers of the kinds that were used, by these columns of `records`."""
    columns = ", ".join(by)
    most = ", ".join(f"max({kind})" for kind in KINDS)
    counted = f"SELECT {columns}, {_NUMBERS}, unnest([{most}]) AS most FROM records GROUP BY {columns}"  # noqa: S608
    return f"SELECT * EXCLUDE (most) FROM ({counted}) WHERE most > 0"  # noqa: S608


def uses(
    duck: duckdb.DuckDBPyConnection,
    words: Words,
    usage_columns: Collection[str],
    *,
    listed: PriceList,
    in_force: PriceList,
) -> None:
    """Make `terms`, `records`, `rates`, `uses` and the view `used`, of `usage` and `days`, of one organization.

    `usage_columns` are the columns of `PLACED` that the bill does not know.
    """
    duck.execute(_NEW_TERMS)
    duck.execute(_RECORDS.format(use_group=", ".join(_use_group(usage_columns))))
    combinations = [
        {"term": term, "since": since, "kind": kind, "number": number, "most": most}
        | {name: words.text(text) for name, text in zip(_TERMS, row, strict=False)}
        for term, since, *row in duck.execute(_COMBINATIONS).fetchall()
        for number, (kind, most) in enumerate(zip(KINDS, row[len(_TERMS) :], strict=True))
        if most > 0
    ]
    duck.register("listed_rates", rates(combinations, listed, in_force))
    duck.execute(_RATES)
    [(large, uneven)] = duck.execute(_SIZES).fetchall()
    product, integer = _ROUNDED if uneven else _EVEN, "HUGEINT" if large else "BIGINT"
    products = (product.format(column=column, price=price, integer=integer) for column, price in _PRICES.items())
    duck.execute(_USES.format(products=", ".join(products)))
    duck.execute(_USED)


def groups(duck: duckdb.DuckDBPyConnection, words: Words, usage_columns: Collection[str]) -> None:
    """Make the table `use_groups` of `records`."""
    duck.execute(words.sql(_GROUPS.format(kinds_used=kinds_used(("place", *_use_group(usage_columns))))))


def _use_group(usage_columns: Collection[str]) -> Sequence[str]:
    return ("day", *(name for name in PLACED if name not in usage_columns))
