"""Lines of the bill: the charges of a window, and each line with all use that it may cover, as tables."""

from __future__ import annotations

import duckdb

from tallystick.core.causes import ALONE, BILL_NOT_READ, NOT_BILLED_YET, PRIORITY, TO_PROFILE
from tallystick.core.dimensions import TERMS
from tallystick.core.prices import PriceList
from tallystick.store.session import rows, temp_table
from tallystick.tally.reconcile.terms import EFFECTS, TABLE, terms

OTHER_LISTS = "tallied by other price lists"
"""Why a charge that has a rate has no price."""
ALONE_ROLE, LATE_ROLE, LINE_ROLE = 0, 1, 2
"""How a charge is judged: by its cause as all that was billed, or as use without a bill; else with its line."""
_COARSE = ("tier", "context", "geo")


def quoted(texts: tuple[str, ...]) -> str:
    """Return texts as a list of SQL."""
    return ", ".join(f"'{text}'" for text in texts)


ROLE = f"""CASE WHEN cause IN ({quoted(ALONE)}) THEN {ALONE_ROLE}
    WHEN cause IN ({quoted((NOT_BILLED_YET, BILL_NOT_READ, TO_PROFILE))})
        OR (cause = '{PRIORITY}' AND kind <> 'web_search') THEN {LATE_ROLE}
    ELSE {LINE_ROLE} END"""
"""The role of a charge, by its cause and kind."""
_PLACES = """
CREATE TEMP TABLE places AS
SELECT organization, workspace, dense_rank() OVER (ORDER BY organization) - 1 AS first,
    row_number() OVER (ORDER BY organization, workspace) - 1 AS place
FROM (SELECT DISTINCT organization, workspace FROM charges)
"""
_DATED = (
    "CREATE TEMP VIEW dated AS SELECT charges.*, since, number, {free} AS free FROM charges JOIN days USING (day) "
    "{coarse}"
)
_USED = f"SELECT DISTINCT since, {', '.join(TERMS)}, free FROM dated"  # noqa: S608
_CAUSES = """
CREATE TEMP TABLE causes AS
SELECT cause, row_number() OVER (ORDER BY cause) - 1 AS rank FROM (SELECT DISTINCT cause FROM charges)
"""
_FREE = " || ' ' || ".join(f"CASE WHEN coalesce(coarse.{name}, false) THEN '{name}' ELSE '' END" for name in _COARSE)
# `id` is the place of a charge among all, in the order of organization, day, workspace, terms, cause and `wanted`.
_PARTS = f"""
CREATE TEMP TABLE parts AS
SELECT (((((first * {{days}} + number) * {{places}} + place) * {{terms}} + term) * {{causes}} + rank) * 2
        + wanted::INT)::BIGINT AS id,
    number, place, term, line, alike, cause, {ROLE} AS role, wanted, rows,
    quantity::HUGEINT AS quantity, billed::HUGEINT AS billed, priced::HUGEINT AS priced, listed::HUGEINT AS listed
FROM dated JOIN terms USING (since, {", ".join(TERMS)}, free) JOIN places USING (organization, workspace)
    JOIN causes USING (cause)
"""  # noqa: S608 - our own names
SIZES = """
SELECT (SELECT count(*) FROM causes) AS causes, (SELECT count(*) FROM terms) AS terms,
    (SELECT count(*) FROM places) AS places, (SELECT count(*) FROM days) AS days
"""
"""How many there are of what the `id` of a charge is made of, in the order from its end."""
_LINES = f"""
CREATE TEMP TABLE {{name}} AS
WITH rated AS (
    SELECT parts.*, per, speed, {{priced}} AS price,
        CASE WHEN quantity IS NOT NULL AND {{priced}} IS NOT NULL THEN {{prefix}}low END AS rate,
        CASE WHEN quantity IS NOT NULL AND {{priced}} IS NOT NULL THEN {{prefix}}step END AS more,
        CASE WHEN quantity IS NOT NULL AND ({{prefix}}low IS NULL OR {{priced}} IS NULL)
            THEN coalesce({{prefix}}reason, '{OTHER_LISTS}') END AS unpriced, {{differs}} AS differs
    FROM parts JOIN terms USING (term) WHERE role = {LINE_ROLE}
)
SELECT min(id) AS id, min(term) AS term, number, place, line, any_value(per)::HUGEINT AS per,
    bool_or(wanted) AS wanted, min(alike) <> max(alike) OR bool_and(wanted) <> bool_or(wanted) AS shared,
    coalesce(min(speed) FILTER (quantity <> 0) <> max(speed) FILTER (quantity <> 0), false) AS speeds,
    sum(rows)::HUGEINT AS charges, sum(quantity)::HUGEINT AS quantity, coalesce(sum(billed), 0)::HUGEINT AS billed,
    (coalesce(sum(billed), 0) - coalesce(sum(price), 0))::HUGEINT AS gap,
    arg_max(unpriced, id) AS unpriced, coalesce(sum(rate * quantity), 0)::HUGEINT AS units,
    min(nullif(rate, 0)) AS coin, max(nullif(rate, 0)) AS largest_coin,
    sum(quantity) FILTER (rate <> 0)::HUGEINT AS used,
    min(nullif(more, 0)) AS step, max(nullif(more, 0)) AS largest_step,
    sum(quantity) FILTER (more <> 0)::HUGEINT AS ranged, bool_or(differs) AS own
FROM rated GROUP BY number, place, line
"""  # noqa: S608
_DAYS = {"day": "DATE", "since": "DATE", "number": "BIGINT"}
_RATE = "CASE WHEN {priced} IS NOT NULL THEN {low} END"
_DIFFERS = "quantity IS NOT NULL AND ({} OR {})".format(
    *(
        f"{_RATE.format(priced='priced', low=name)} IS DISTINCT FROM "
        f"{_RATE.format(priced='listed', low=f'public_{name}')}"
        for name in ("low", "step")
    )
)


def parts(duck: duckdb.DuckDBPyConnection, in_force: PriceList, listed: PriceList | None) -> None:
    """Make `days`, `places`, `terms`, `effects` and `parts`; `listed` is given where it is not the list `in_force`.

    The table `charges` is summed by organization, day, workspace, terms, cause and `wanted`, money in whole
    picodollars; `coarse` says by organization, day, workspace, model and kind in which of tier, context and geo the
    bill is coarser than the use.
    """
    used_days = sorted(day for (day,) in duck.execute("SELECT DISTINCT day FROM charges").fetchall())
    lists = {listed or in_force, in_force}
    days = [(day, max(prices.since(day) for prices in lists), number) for number, day in enumerate(used_days)]
    temp_table(duck, "days", _DAYS, days)
    is_coarse = duck.execute("SELECT 1 FROM coarse LIMIT 1").fetchall()
    free = (_FREE, "LEFT JOIN coarse USING (organization, day, workspace, model, kind)") if is_coarse else ("''", "")
    duck.execute(_DATED.format(free=free[0], coarse=free[1]))
    duck.execute(_PLACES)
    duck.execute(_CAUSES)
    priced, effects = terms(rows(duck, _USED), in_force, listed)
    temp_table(duck, "terms", TABLE, priced)
    temp_table(duck, "effects", EFFECTS, effects)
    [(causes, terms_, places, days_)] = duck.execute(SIZES).fetchall()
    duck.execute(_PARTS.format(causes=causes, terms=terms_, places=places, days=days_))


def lines(duck: duckdb.DuckDBPyConnection, *, own: bool) -> None:
    """Make `lines` of `parts`, at the prices in force, and where these are one's own `public_lines` at the list's."""
    sides = [("lines", "", "priced", _DIFFERS if own else "false")]
    sides += [("public_lines", "public_", "listed", "false")] if own else []
    for name, prefix, priced, differs in sides:
        duck.execute(_LINES.format(name=name, prefix=prefix, priced=priced, differs=differs))
