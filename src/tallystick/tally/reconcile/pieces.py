"""Pieces: each amount of a charge's gap by cause, and what modifiers did to its price, as a view.

A row is of one charge, the first of its line where the line is judged. `turn` and `place` are its order among those of
the charge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import duckdb

from tallystick.core.causes import CODE, SESSION, USAGE_NOT_READ
from tallystick.store.session import temp_table
from tallystick.tally.reconcile.arithmetic import nearest
from tallystick.tally.reconcile.lines import ALONE_ROLE, LATE_ROLE, LINE_ROLE, quoted
from tallystick.tally.reconcile.own_prices import NOT_APPLIED
from tallystick.tally.reconcile.price_factors import Change
from tallystick.tally.split import split

REFUSED = "refused or blocked requests"
SEARCH = "web search"
UNKNOWN_PRICE = "unknown price"
LARGE, ROUNDING, UNEXPLAINED = "large-prompt range", "rounding", "unexplained"
MIXED = "mixed speed"
WITHIN = "within priced"
_PLAIN = (CODE, SESSION, USAGE_NOT_READ)
"""Causes that need no kind beside them."""
_PRICED = "parts LEFT JOIN switched USING (number, place, line)"
_PRICE = "CASE WHEN switched.id IS NULL THEN parts.priced ELSE parts.listed END"
_GAP = f"coalesce(parts.billed, 0) - coalesce({_PRICE}, 0)"
_STEPS = f"""
CREATE TEMP VIEW steps AS
SELECT id, shared, 0 AS place, cause, by_price AS amount, coalesce(quantity, 0) AS quantity, detail
FROM judged JOIN change_names USING (change) WHERE by_price <> 0
UNION ALL
SELECT id, shared, 1, '{LARGE}', large, large_tokens, model || ': no report shows which prompts'
FROM judged JOIN terms USING (term) WHERE large <> 0
UNION ALL
SELECT id, shared, 2, '{REFUSED}', refused, refused_tokens, '' FROM judged WHERE refused <> 0
UNION ALL
SELECT id, shared, 3, '{UNEXPLAINED}', unexplained, NULL, '' FROM judged WHERE unexplained <> 0
UNION ALL
SELECT id, shared, 4, CASE WHEN abs(rest) <= charges THEN '{ROUNDING}' ELSE '{UNEXPLAINED}' END, rest, NULL, ''
FROM judged WHERE rest <> 0
"""  # noqa: S608 - our own names
# A line for several models or tiers: where one cause is all of it, each part has its own gap by that.
_SHARED = f"""
CREATE TEMP TABLE shares AS
WITH known AS (
    SELECT id, count(*) AS causes, any_value(cause) AS cause, any_value(quantity) AS quantity,
        any_value(detail) AS detail
    FROM steps WHERE shared GROUP BY id
)
SELECT bill.id AS line, parts.id AS id, coalesce(causes, 0) AS causes, kind = 'web_search' AS search,
    known.cause AS cause, known.quantity AS quantity, known.detail AS detail,
    {_GAP} AS gap, coalesce({_PRICE}, 0) AS weight
FROM {_PRICED} JOIN bill ON bill.number = parts.number AND bill.place = parts.place AND bill.line = parts.line
    JOIN terms ON terms.term = bill.term LEFT JOIN known ON known.id = bill.id
WHERE role = {LINE_ROLE} AND bill.shared AND bill.unpriced IS NULL
"""  # noqa: S608
_SEVERAL = "SELECT line, id, gap, weight FROM shares WHERE causes > 1 ORDER BY line, id"
_CAUSES = """
SELECT id, cause, amount, quantity, detail FROM steps
WHERE shared AND id IN (SELECT line FROM shares WHERE causes > 1) ORDER BY id, place
"""
_SPLITS = {"id": "BIGINT", "cause": "VARCHAR", "amount": "HUGEINT", "quantity": "HUGEINT", "detail": "VARCHAR"}
OF_PARTS = f"""
SELECT 0 AS turn, id, effects.place AS place, name AS cause, '{WITHIN}' AS detail, false AS unbilled,
    0::HUGEINT AS amount, quantity, {nearest("(added::HUGEINT * quantity)", "units")} AS in_priced
FROM parts JOIN effects USING (term) WHERE priced IS NOT NULL AND quantity IS NOT NULL
UNION ALL
SELECT 0, id, 0, cause, CASE WHEN cause IN ({quoted(_PLAIN)}) THEN '' ELSE kind END, billed IS NULL, billed, NULL, 0
FROM parts JOIN terms USING (term) WHERE role = {ALONE_ROLE}
UNION ALL
SELECT 0, id, 0, cause, '', billed IS NULL,
    CASE WHEN priced IS NOT NULL THEN coalesce(billed, 0) - priced END, quantity, 0
FROM parts WHERE role = {LATE_ROLE}
"""  # noqa: S608
"""The pieces of charges that need no line: what modifiers did, and what a cause makes up alone."""
_PIECES = f"""
CREATE TEMP VIEW pieces AS {OF_PARTS}UNION ALL
SELECT 1, parts.id, 0, '{NOT_APPLIED}', detail, billed IS NULL, coalesce(listed, 0) - coalesce(priced, 0), quantity, 0
FROM parts JOIN switched USING (number, place, line) WHERE role = {LINE_ROLE}
UNION ALL
SELECT 2, parts.id, 0, '{UNKNOWN_PRICE}', model || ': ' || unpriced, parts.billed IS NULL,
    CASE WHEN parts.billed IS NOT NULL OR priced IS NOT NULL
        THEN coalesce(parts.billed, 0) - coalesce(priced, 0) END, parts.quantity, 0
FROM parts JOIN bill USING (number, place, line) JOIN terms ON terms.term = parts.term
WHERE role = {LINE_ROLE} AND unpriced IS NOT NULL
UNION ALL
SELECT 2, bill.id, 0, '{MIXED}', '{WITHIN}', false, 0, coalesce(quantity, 0), 0
FROM bill JOIN terms USING (term) WHERE speeds AND kind <> 'web_search' AND unpriced IS NULL
UNION ALL
SELECT 2, id, place, cause, detail, false, amount, quantity, 0 FROM steps WHERE NOT shared
UNION ALL
SELECT 2, id, 0, coalesce(cause, CASE WHEN search THEN '{SEARCH}' ELSE '{UNEXPLAINED}' END),
    coalesce(detail, CASE WHEN search THEN 'one line of the bill for all models and tiers' ELSE '' END), false,
    gap, CASE WHEN id = line THEN quantity END, 0
FROM shares WHERE causes < 2 AND gap <> 0
UNION ALL
SELECT 2, id, 0, cause, detail, false, amount::HUGEINT, quantity::HUGEINT, 0 FROM splits
"""  # noqa: S608
_NAMES = {"change": "BIGINT", "cause": "VARCHAR", "detail": "VARCHAR"}


class Split(NamedTuple):
    """A row of the table `splits`: a part of what one cause makes up of a line, in picodollars."""

    id: int
    cause: str
    amount: int
    quantity: int | None
    detail: str


def pieces(duck: duckdb.DuckDBPyConnection, changes: Sequence[Change]) -> None:
    """Make the view `pieces` of the tables of lines and of `judged`; the amounts of all sum to the gaps of all charges.

    `changes` are those that lines were found to have.
    """
    names = [(index, change.cause, str(change)) for index, change in enumerate(changes)]
    temp_table(duck, "change_names", _NAMES, names)
    duck.execute(_STEPS)
    duck.execute(_SHARED)
    temp_table(duck, "splits", _SPLITS, [*_splits(duck)])
    duck.execute(_PIECES)


def _splits(duck: duckdb.DuckDBPyConnection) -> Iterator[Split]:
    """The parts of lines that several causes make up: of all but the last cause by price, of that what is left."""
    several = duck.execute(_SEVERAL).fetchall()
    if not several:
        return
    causes = {line: [*rows] for line, rows in groupby(duck.execute(_CAUSES).fetchall(), key=lambda row: row[0])}
    for line, parts in groupby(several, key=lambda row: row[0]):
        _, ids, gaps, weights = (list(column) for column in zip(*parts, strict=True))
        *others, last = causes[line]
        for _, cause, amount, quantity, detail in others:
            shares = split(amount, weights)
            gaps = [gap - share for gap, share in zip(gaps, shares, strict=True)]
            yield from _rows(ids, shares, cause, quantity, detail)
        _, cause, _, quantity, detail = last
        yield from (row for row in _rows(ids, gaps, cause, quantity, detail) if row.amount)


def _rows(ids: list[int], amounts: list[int], cause: str, quantity: int | None, detail: str) -> Iterator[Split]:
    """A row for each part; the first has the quantity."""
    for index, (id_, amount) in enumerate(zip(ids, amounts, strict=True)):
        yield Split(id_, cause, amount, None if index else quantity, detail)
