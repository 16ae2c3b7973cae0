"""Ratios: how much of its list price was billed of each line, counted by model, kind and day, and the changes found."""

from __future__ import annotations

from fractions import Fraction

import duckdb

from tallystick.store.session import temp_table
from tallystick.tally.reconcile.arithmetic import fits
from tallystick.tally.reconcile.price_factors import DAYS, Cell, Change, changes

_ODD = 10_000
"""The largest denominator of a factor where the API rounded the amounts; without rounding there is no limit."""
_LISTED = 0
"""The number of the ratio 1."""
_NONE = -1
"""That of a line which has none."""
# Large prompts can account for what was billed: so many tokens at the higher rate, less whole tokens refused.
_COUNT = "((off + step - 1) // step)"
_OVER = f"({_COUNT} * step - off)"
_LARGER = f"""CASE WHEN step = largest_step AND coin = largest_coin AND off > 0
    THEN {_OVER} % coin = 0 AND {_COUNT} + {_OVER} // coin <= ranged ELSE false END"""
# A ratio nearer to 1 than half of what the next one with such a denominator can be is 1, if that fits. The rate of a
# token is the same for many lines, and what was billed of them rarely is.
_QUOTIENTS = f"""
CREATE TEMP TABLE quotients AS
SELECT id, first, subject, number, own, units, billed, per, charges,
    CASE WHEN larger THEN NULL WHEN one THEN 1 WHEN whole THEN billed // used * per ELSE billed * per END::HUGEINT
        AS above,
    CASE WHEN one THEN 1 WHEN whole THEN coin ELSE units END::HUGEINT AS below
FROM (
    SELECT *, {_LARGER} AS larger,
        CASE WHEN off = 0 THEN true WHEN {2 * _ODD} * abs(off) < units THEN {fits("sized")} ELSE false END AS one,
        CASE WHEN coin = largest_coin AND off <> 0 THEN coalesce(billed % used = 0, false) ELSE false END AS whole
    FROM (
        SELECT bill.*, first, subject, billed * bill.per - units AS off
        FROM bill JOIN terms USING (term) JOIN places USING (place)
        WHERE billed > 0 AND units <> 0 AND unpriced IS NULL
    ) AS sized
)
"""  # noqa: S608 - our own names
_DISTINCT = "SELECT DISTINCT above, below FROM quotients WHERE above IS NOT NULL"
# A ratio that is found on few days is no price, whatever it is.
_COUNTED = f"""
CREATE TEMP TABLE counted AS
WITH ratios AS MATERIALIZED (
    SELECT id, first, subject, number, own,
        CASE WHEN near = ratio THEN ratio WHEN {fits("quotients", "near_above", "near_below")} THEN near ELSE ratio END
            AS ratio
    FROM quotients LEFT JOIN closest USING (above, below)
), common AS (
    SELECT first, ratio FROM ratios GROUP BY first, ratio HAVING ratio = {_LISTED} OR count(DISTINCT number) >= {DAYS}
)
SELECT id, ratios.first, subject, number, own, coalesce(common.ratio, {_NONE}) AS ratio
FROM ratios LEFT JOIN common USING (first, ratio)
"""  # noqa: S608
_CELLS = """
CREATE TEMP TABLE cells AS
SELECT row_number() OVER () - 1 AS cell, * FROM (
    SELECT first, subject, number, ratio, own, count(*) AS lines FROM counted GROUP BY ALL
)
"""
_NAMED = """
SELECT organization, day, model, kind, ratio, own, lines FROM cells JOIN days USING (number)
    JOIN (SELECT DISTINCT first, organization FROM places) USING (first)
    JOIN (SELECT DISTINCT subject, model, kind FROM terms) USING (subject)
ORDER BY cell
"""
_CHANGED = """
CREATE TEMP TABLE changed AS
SELECT id, change, factor::HUGEINT AS factor, base::HUGEINT AS base
FROM counted JOIN cells USING (first, subject, number, ratio, own) JOIN changes USING (cell)
"""
_UNCHANGED = "CREATE TEMP TABLE changed (id BIGINT, change BIGINT, factor HUGEINT, base HUGEINT)"
_CLOSEST = {
    **dict.fromkeys(("above", "below"), "HUGEINT"),
    **dict.fromkeys(("ratio", "near"), "BIGINT"),
    **dict.fromkeys(("near_above", "near_below"), "HUGEINT"),
}
_CHANGES = {"cell": "BIGINT", "change": "BIGINT", "factor": "HUGEINT", "base": "HUGEINT"}


def change(duck: duckdb.DuckDBPyConnection) -> list[Change]:
    """Make the table `changed` (id, change, factor, base) of `bill`: lines whose price is another; return the changes.

    `change` is the index of the change in the list.
    """
    duck.execute(_QUOTIENTS)
    ratios = {(1, 1): _LISTED}  # pairs of whole numbers, which hash fast
    closest = []
    for above, below in duck.execute(_DISTINCT).fetchall():
        ratio = Fraction(above, below)
        pairs = [fraction.as_integer_ratio() for fraction in (ratio, ratio.limit_denominator(_ODD) or ratio)]
        rank, near_rank = (ratios.setdefault(pair, len(ratios)) for pair in pairs)
        closest.append((above, below, rank, near_rank, *pairs[1]))
    temp_table(duck, "closest", _CLOSEST, closest)
    duck.execute(_COUNTED)
    duck.execute(_CELLS)
    fractions = [Fraction(*ratio) for ratio in ratios]
    cells = [
        Cell(organization, day, model, kind, None if ratio == _NONE else fractions[ratio], own, lines)
        for organization, day, model, kind, ratio, own, lines in duck.execute(_NAMED).fetchall()
    ]
    changes(cells)
    if not any(cell.change for cell in cells):
        duck.execute(_UNCHANGED)
        return []
    distinct_changes = list(dict.fromkeys(cell.change for cell in cells if cell.change))
    numbers = {fraction: index for index, fraction in enumerate(distinct_changes)}
    rows = [
        (index, numbers[cell.change], *cell.change.factor.as_integer_ratio())
        for index, cell in enumerate(cells)
        if cell.change
    ]
    temp_table(duck, "changes", _CHANGES, rows)
    duck.execute(_CHANGED)
    return distinct_changes
