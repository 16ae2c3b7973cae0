"""Allocation: a billed line split over those who used it, to the last picodollar.

Each share is the line times the user's weight over all weights, rounded down; what is left goes out a picodollar each,
largest remainder first, then in the order of who they are. The weight is what the use costs by the price list, which
is the use itself where all pay one rate; where one has no known rate, all weigh by use. Whole numbers throughout.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from tallystick.tally.picodollars import WHOLE

_WEIGHED = """
CREATE TEMP TABLE weighed AS
WITH sums AS (
    SELECT line, count(*) AS users, bool_or(priced IS NULL) OR sum(priced) = 0 AS by_use,
        sum(priced)::HUGEINT AS priced_sum, sum(quantity)::HUGEINT AS used_sum
    FROM pairs JOIN used USING (id) GROUP BY line
)
SELECT line, id, pairs.relaxed, users, abs(total) AS total, sign(total)::HUGEINT AS sign,
    CASE WHEN by_use THEN quantity::HUGEINT ELSE priced END AS weight,
    CASE WHEN by_use THEN used_sum ELSE priced_sum END AS weights
FROM pairs JOIN used USING (id) JOIN sums USING (line) JOIN lines USING (line)
"""
_FITS = "weight <= 170141183460469231731687303715884105727::HUGEINT // greatest(total, 1)"
"""Whether the product of line and weight fits 128 bits."""
_SHARES = f"""
CREATE TEMP TABLE shares AS
WITH floors AS (
    SELECT *, total * weight // weights AS floor, total * weight % weights AS remainder FROM weighed
    WHERE users > 1 AND line NOT IN (SELECT line FROM weighed WHERE NOT ({_FITS}))
), left_over AS (
    SELECT line, (any_value(total) - sum(floor))::HUGEINT AS rest FROM floors GROUP BY line
)
SELECT line, id, relaxed, users, sign * total AS share FROM weighed WHERE users = 1
UNION ALL
SELECT line, id, floors.relaxed, users,
    sign * (floor + CASE WHEN row_number() OVER (
        PARTITION BY line ORDER BY remainder DESC, key, account, service_account, model, tier, context, geo, speed
    ) <= rest THEN 1 ELSE 0 END)
FROM floors JOIN left_over USING (line) JOIN used USING (id)
"""  # noqa: S608 - our own names


def shares(duck: duckdb.DuckDBPyConnection) -> None:
    """Make the table `shares` (line, id, relaxed, users, share) of `pairs`, `used` and `lines`; shares sum to lines."""
    duck.execute(_WEIGHED)
    duck.execute(_SHARES)
    large = duck.sql(
        "SELECT line, id, weighed.relaxed, users, total, sign, weight FROM weighed JOIN used USING (id) "  # noqa: S608
        f"WHERE users > 1 AND line IN (SELECT line FROM weighed WHERE NOT ({_FITS})) "
        "ORDER BY line, key, account, service_account, model, tier, context, geo, speed"
    ).to_arrow_table()
    if large.num_rows:
        duck.register("large", _split_large(large))
        duck.execute("INSERT INTO shares SELECT line, id, relaxed, users, share::HUGEINT FROM large")


def split(total: int, weights: list[int]) -> list[int]:
    """A whole amount in whole parts that sum to it, largest remainder first, then the earlier.

    Raises ValueError for a weight below zero, or none above.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be whole numbers, none below zero, and not all zero")
    sign, total = (-1, -total) if total < 0 else (1, total)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def _split_large(rows: pa.Table) -> pa.Table:
    """The shares of lines whose products do not fit 128 bits."""
    found = rows.to_pylist()
    by_line: dict[int, list[int]] = {}
    for place, row in enumerate(found):
        by_line.setdefault(row["line"], []).append(place)
    shared = [0] * len(found)
    for places in by_line.values():
        first = found[places[0]]
        parts = split(int(first["total"]) * int(first["sign"]), [int(found[place]["weight"]) for place in places])
        for place, part in zip(places, parts, strict=True):
            shared[place] = part
    return rows.select(["line", "id", "relaxed", "users"]).append_column("share", pa.array(shared, WHOLE))
