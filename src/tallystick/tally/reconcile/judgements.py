"""Judgements: what makes up the gap of each line of the bill, as a table; the amounts of a line sum to its gap."""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby

import duckdb

from tallystick.store.session import temp_table
from tallystick.tally.reconcile.arithmetic import MOST_FACTOR, MOST_MONEY, MOST_UNITS, fits, nearest
from tallystick.tally.reconcile.bill_line import Judgement, Line
from tallystick.tally.reconcile.lines import LINE_ROLE

# `off` is billed less the price, both times `base * per`. Tokens at two rates are counted line by line. A line at list
# price has no gap to be made up.
_WEIGHED = f"""
CREATE TEMP TABLE weighed AS
WITH factored AS (
    SELECT bill.*, changed.change, coalesce(factor, 1) AS factor, coalesce(base, 1) AS base
    FROM bill LEFT JOIN changed USING (id) WHERE unpriced IS NULL
), sized AS (
    SELECT *, abs(billed) > {MOST_MONEY} OR abs(gap) > {MOST_MONEY} OR units > {MOST_UNITS}
        OR coalesce(greatest(used, ranged), 0) > {MOST_MONEY} OR greatest(factor, base) > {MOST_FACTOR} AS huge
    FROM factored
), measured AS (
    SELECT *, CASE WHEN huge THEN NULL ELSE billed * base * per - units * factor END AS off FROM sized
), compared AS (
    SELECT *, CASE WHEN huge OR units = 0 THEN false WHEN off = 0 THEN true ELSE {fits("measured", "factor", "base")}
        END AS exact
    FROM measured
)
SELECT id, number, place, line, term, shared, charges, quantity, billed, gap, units, per, coin, used, step, ranged,
    change, factor, base, off, exact, coin = largest_coin AS fewer,
    step = largest_step AND coin = largest_coin AS dearer,
    huge OR (NOT exact AND off < 0 AND coalesce(coin <> largest_coin, false)) AS open
FROM compared WHERE gap <> 0 OR NOT exact OR change IS NOT NULL
"""  # noqa: S608 - our own names
_FEWEST = nearest("-off", "(factor * coin)")
_REFUSALS = "(most * step * factor - off)"
_JUDGED = f"""
CREATE TEMP TABLE judged AS
WITH counted AS (
    SELECT *, CASE WHEN exact OR off >= 0 THEN NULL WHEN fewer THEN {_FEWEST} END AS fewest,
        CASE WHEN exact OR off <= 0 THEN NULL WHEN dearer THEN (off + factor * step - 1) // (factor * step) END AS most
    FROM weighed WHERE NOT open
), found AS (
    SELECT *, CASE WHEN fewest BETWEEN 1 AND used
            THEN {fits("counted", "factor", "base", "units - fewest * coin")} ELSE false END AS missing,
        CASE WHEN most IS NULL THEN NULL WHEN {_REFUSALS} % (factor * coin) = 0
            THEN {_REFUSALS} // (factor * coin) END AS refusals
    FROM counted
), told AS (
    SELECT *, coalesce(most + refusals <= ranged, false) AS larger FROM found
), amounts AS (
    SELECT id, term, shared, charges, quantity, change, gap,
        CASE WHEN change IS NULL THEN 0 WHEN exact OR missing OR larger
            THEN billed - ({nearest("billed * base", "factor")})
            ELSE {nearest("(factor - base) * units", "(base * per)")} END AS by_price,
        CASE WHEN missing THEN fewest WHEN larger THEN refusals END AS refused_tokens,
        CASE WHEN missing THEN -({nearest("fewest * coin", "per")})
            WHEN larger THEN -({nearest("refusals * coin", "per")}) ELSE 0 END AS refused,
        CASE WHEN larger THEN most END AS large_tokens,
        CASE WHEN larger THEN {nearest("most * step", "per")} ELSE 0 END AS large,
        CASE WHEN exact OR missing OR larger THEN 0
            ELSE billed - ({nearest("factor * units", "(base * per)")}) END AS unexplained
    FROM told
)
SELECT id, term, shared, charges, quantity, change, by_price, refused, refused_tokens, large, large_tokens, unexplained,
    gap - by_price - refused - large - unexplained AS rest
FROM amounts
UNION ALL
SELECT id, term, shared, charges, quantity, change, by_price::HUGEINT, refused::HUGEINT, refused_tokens::HUGEINT,
    large::HUGEINT, large_tokens::HUGEINT, unexplained::HUGEINT, rest::HUGEINT
FROM settled JOIN weighed USING (id)
"""  # noqa: S608
_OPEN = """
SELECT weighed.id, billed, gap, charges, units, per, factor, base, change IS NOT NULL AS changed FROM weighed
WHERE open ORDER BY id
"""
_RATES = f"""
SELECT weighed.id, CASE WHEN switched.id IS NULL THEN low ELSE public_low END AS low,
    CASE WHEN switched.id IS NULL THEN terms.step ELSE public_step END AS step, sum(parts.quantity) AS quantity
FROM weighed JOIN parts USING (number, place, line) JOIN terms ON terms.term = parts.term
    LEFT JOIN switched ON switched.id = weighed.id
WHERE open AND role = {LINE_ROLE} AND parts.quantity IS NOT NULL GROUP BY ALL ORDER BY weighed.id, min(parts.id)
"""  # noqa: S608
_NAMES = tuple(field.name for field in fields(Judgement))
_SETTLED = {"id": "BIGINT", **dict.fromkeys(_NAMES, "HUGEINT")}


def judge(duck: duckdb.DuckDBPyConnection) -> None:
    """Make the table `judged` of `bill` and `changed`: of each priced line with a gap the columns of a `Judgement`."""
    duck.execute(_WEIGHED)
    rates = groupby(duck.execute(_RATES).fetchall(), key=lambda row: row[0])
    coins, steps = dict[int, dict[int, int]](), dict[int, dict[int, int]]()
    for line, rows in rates:
        coins[line], steps[line] = {}, {}
        for _, low, step, quantity in rows:
            for rate, used in ((low, coins[line]), (step, steps[line])):
                if rate:
                    used[int(rate)] = used.get(int(rate), 0) + int(quantity)
    settled = []
    for id_, billed, gap, charges, units, per, factor, base, changed in duck.execute(_OPEN).fetchall():
        line = Line(billed, gap, charges, units, per, coins.get(id_, {}), steps.get(id_, {}), factor, base, changed)
        judgement = line.judgement()
        settled.append((id_, *(getattr(judgement, name) for name in _NAMES)))
    temp_table(duck, "settled", _SETTLED, settled)
    duck.execute(_JUDGED)
