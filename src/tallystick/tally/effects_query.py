"""Effects query: the effects of lines, worked out by DuckDB in whole picodollars, as `variance` defines them."""

from __future__ import annotations

from collections.abc import Sequence


def _nearest(numerator: str, denominator: str) -> str:
    """`nearest_quotient` in SQL, whose `//` and `%` of whole numbers go towards zero."""
    quotient, twice = f"abs({numerator}) // {denominator}", f"2 * (abs({numerator}) % {denominator})"
    is_up = f"{twice} > {denominator} OR ({twice} = {denominator} AND {quotient} % 2 = 1)"
    return f"sign({numerator}) * ({quotient} + CASE WHEN {is_up} THEN 1 ELSE 0 END)"


_EFFECTS = f"""
WITH pairs AS MATERIALIZED ({{pairs}}), pooled AS (
    SELECT *,
        coalesce(sum(quantity_0) FILTER (counted) OVER pool, 0)::HUGEINT AS was,
        coalesce(sum(quantity_1) FILTER (counted) OVER pool, 0)::HUGEINT AS now
    FROM pairs WINDOW pool AS (PARTITION BY {{pool}})
), rated AS (
    SELECT *, counted AND was > 0 AND now > 0 AS rated,
        greatest(abs(billed_0), abs(billed_1)) <= (1::HUGEINT << 126) // greatest(was, now, 1) AS fits
    FROM pooled WHERE {{asked}}
), effects AS (
    SELECT *,
        CASE WHEN rated AND fits AND quantity_0 > 0 AND quantity_1 > 0
            THEN {_nearest("(billed_1 * quantity_0 - billed_0 * quantity_1)", "quantity_0")} ELSE 0 END AS price,
        CASE WHEN rated AND fits THEN {_nearest("(billed_0 * (now - was))", "was")}
            ELSE billed_1 - billed_0 END AS volume
    FROM rated
)
SELECT {{by}}, {", ".join(f"sum({name})::HUGEINT AS {name}" for name in ("billed_0", "billed_1", "price", "volume"))},
    bool_and(fits OR NOT rated) AS fits, list(kind) FILTER (NOT counted AND billed_0 <> billed_1) AS uncounted_kinds,
    coalesce(sum(billed_1 - billed_0) FILTER (NOT counted), 0)::HUGEINT AS uncounted
FROM effects GROUP BY {{by}}
"""  # noqa: S608 - our own names


def effects_query(pairs: str, pool: Sequence[str], bounds: str, by: Sequence[str]) -> str:
    """Return the query of the effects of lines that meet a condition, summed by columns.

    `pairs` is the query of all lines: HUGEINT `quantity_0`, `quantity_1` and picodollars `billed_0`, `billed_1` of both
    windows, 0 for nothing, `counted`, whether its quantity is known, its `kind`, the columns of its pool and those of
    `by`. In the answer `uncounted` is the change of what is not counted. Where not `fits`, a product takes more than
    128 bits, and `variance.summed` has the effects.
    """
    return _EFFECTS.format(pairs=pairs, pool=", ".join(pool), asked=bounds, by=", ".join(by))
