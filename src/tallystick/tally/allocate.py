"""Allocate: a billed line split over those who used it, to the last picodollar.

Each share is the line times the user's weight over all weights, rounded down; what is left goes out a picodollar each,
largest remainder first, then in the order of who they are. The weight is what the use costs by the price list, which
is the use itself where all pay one rate; where one has no known rate, all weigh by use. Whole numbers throughout, and
for each line the shortest that hold all of its products: of 64 bits, of 128, or Python's.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from tallystick.tally.picodollars import WHOLE
from tallystick.tally.split import split

WEIGHT = "CASE WHEN by_use THEN quantity ELSE priced END"
"""What a use weighs in a line."""
_LARGEST = {"BIGINT": 2**63 - 1, "HUGEINT": 2**127 - 1}

# Of total * weight // weights the times that the weights go into the total are taken out first: the products that are
# left are far shorter, the remainders the same, and a line at list price leaves nothing to divide.
_SPLITS = """
CREATE TEMP TABLE splits AS
WITH summed AS (
    SELECT line, count(*) AS users,
        bool_or(priced IS NULL) OR sum(priced) = 0
            OR (max(priced % quantity) = 0 AND min(priced // quantity) = max(priced // quantity)) AS by_use,
        sum(priced)::HUGEINT AS all_priced, max(priced)::HUGEINT AS most_priced,
        sum(quantity)::HUGEINT AS all_used, max(quantity)::HUGEINT AS most_used
    FROM pairs JOIN uses USING ({by}) GROUP BY line
), weighed AS (
    SELECT line, users, by_use, abs(total) AS amount, CASE WHEN total < 0 THEN -1 ELSE 1 END AS sign,
        CASE WHEN by_use THEN all_used ELSE all_priced END AS weights,
        CASE WHEN by_use THEN most_used ELSE most_priced END AS heaviest
    FROM summed JOIN lines USING (line)
)
SELECT *, coalesce(TRY_CAST(amount AS BIGINT) // TRY_CAST(weights AS BIGINT), amount // weights) AS times,
    coalesce(TRY_CAST(amount AS BIGINT) % TRY_CAST(weights AS BIGINT), amount % weights) AS over
FROM weighed
"""
# Of a line that the weights divide each gets a multiple of the own: who is in no other line needs no more.
_MULTIPLES = """
CREATE TEMP TABLE multiples AS
SELECT {by}, any_value(line) AS line, any_value(pairs.relaxed) AS relaxed, any_value(users) AS users,
    any_value(by_use) AS by_use, any_value(sign * times) AS times
FROM pairs JOIN splits USING (line) GROUP BY {by} HAVING count(*) = 1 AND max(over) = 0
"""
_UNEVEN = f"""
CREATE TEMP TABLE uneven AS
SELECT pairs.*, CASE {
    " ".join(
        f"WHEN amount <= {most} AND weights <= {most} // users AND heaviest <= {most} // greatest(over, 1) "
        f"THEN '{width}'"
        for width, most in _LARGEST.items()
    )
} END AS width
FROM (FROM pairs ANTI JOIN multiples USING ({{by}})) AS pairs JOIN splits USING (line)
"""  # noqa: S608 - our own names
_WIDTHS = "SELECT DISTINCT width FROM uneven"
_ORDER = "key, actor, product, model, tier, context, geo, speed"
# Who has no remainder gets none of what is left, so only the others are put in order.
_PARTS = f"""
INSERT INTO parts
WITH weights AS (
    SELECT line, id, uneven.relaxed, users, {_ORDER}, ({WEIGHT})::{{width}} AS weight,
        weights::{{width}} AS weights, times::{{width}} AS times, over::{{width}} AS over, sign
    FROM uneven JOIN splits USING (line) JOIN used USING ({{by}})
    WHERE width = '{{width}}'
), floors AS MATERIALIZED (
    SELECT *, times * weight + over * weight // weights AS floor, over * weight % weights AS remainder FROM weights
)
SELECT line, id, relaxed, users, (sign * floor)::HUGEINT AS share FROM floors WHERE remainder = 0
UNION ALL
SELECT line, id, relaxed, users, (sign * (floor + CASE
    WHEN row_number() OVER (PARTITION BY line ORDER BY remainder DESC, {_ORDER})
        <= sum(remainder) OVER (PARTITION BY line)::{{width}} // weights THEN 1 ELSE 0 END))::HUGEINT
FROM floors WHERE remainder > 0
"""  # noqa: S608
_BEYOND = f"""
SELECT line, id, uneven.relaxed, users, amount, sign, {WEIGHT} AS weight
FROM uneven JOIN splits USING (line) JOIN used USING ({{by}})
WHERE width IS NULL ORDER BY line, {_ORDER}
"""  # noqa: S608
_SHARES = f"""
CREATE TEMP VIEW shares AS
FROM parts UNION ALL
SELECT line, id, multiples.relaxed, users, times * {WEIGHT}
FROM multiples JOIN uses USING ({{by}})
"""  # noqa: S608


def shares(duck: duckdb.DuckDBPyConnection, by: str = "id") -> None:
    """Make the view `shares` (line, id, relaxed, users, share) of `pairs`, `uses` and `lines`; shares sum to lines.

    `by` is the column of `uses` that `pairs` has too: a line is shared by all whom it names; `used` says who they are.
    The view unites the tables `multiples` of (`by`, line, relaxed, users, by_use, times), and `parts` of those who are
    not in there.
    """
    for statement in (_SPLITS, _MULTIPLES, _UNEVEN):
        duck.execute(statement.format(by=by))
    duck.execute("CREATE TEMP TABLE parts (line BIGINT, id BIGINT, relaxed INTEGER, users BIGINT, share HUGEINT)")
    for (width,) in duck.execute(_WIDTHS).fetchall():
        if width:
            duck.execute(_PARTS.format(width=width, by=by))
        else:
            duck.register("large", _split_large(duck.sql(_BEYOND.format(by=by)).to_arrow_table()))
            duck.execute("INSERT INTO parts FROM large")
    duck.execute(_SHARES.format(by=by))


def listed(duck: duckdb.DuckDBPyConnection) -> None:
    """Make the table `listed` (id, list) of `shares`, `used` and `lines`: what the API says that the shares list at.

    A line that several share is listed by use; where the API does not say, nothing is.
    """
    if not duck.execute("SELECT EXISTS (FROM lines WHERE listed IS NOT NULL)").fetchall()[0][0]:
        duck.execute("CREATE TEMP TABLE listed (id BIGINT, list HUGEINT)")
        return
    duck.execute(
        "CREATE TEMP TABLE whose AS SELECT line, id, users, listed FROM shares JOIN lines USING (line) "
        "WHERE listed IS NOT NULL"
    )
    several = duck.sql(
        "SELECT line, id, 0 AS relaxed, users, abs(listed) AS amount, sign(listed)::HUGEINT AS sign, "  # noqa: S608
        f"quantity::HUGEINT AS weight FROM whose JOIN used USING (id) WHERE users > 1 ORDER BY line, {_ORDER}"
    ).to_arrow_table()
    duck.register("several", _split_large(several))
    duck.execute(
        "CREATE TEMP TABLE listed AS SELECT id, sum(list)::HUGEINT AS list FROM ("
        "SELECT id, listed AS list FROM whose WHERE users = 1 UNION ALL SELECT id, share::HUGEINT FROM several"
        ") GROUP BY id"
    )


def _split_large(rows: pa.Table) -> pa.Table:
    """The shares of lines whose products do not fit 128 bits."""
    entries = rows.to_pylist()
    by_line: dict[int, list[int]] = {}
    for index, row in enumerate(entries):
        by_line.setdefault(row["line"], []).append(index)
    shared = [0] * len(entries)
    for places in by_line.values():
        first = entries[places[0]]
        parts = split(int(first["amount"]) * int(first["sign"]), [int(entries[index]["weight"]) for index in places])
        for index, part in zip(places, parts, strict=True):
            shared[index] = part
    return rows.select(["line", "id", "relaxed", "users"]).append_column("share", pa.array(shared, WHOLE))
