"""Own prices: where the bill follows the public list though they differ from it, line by line.

A line that is exactly the one price list's and not the other's decides for itself. One that is neither, for tokens
were refused or prompts were large, goes as most such lines do: of its model on its day, of all models on its day, of
its model on the day before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import duckdb

from tallystick.store.session import temp_table
from tallystick.tally.reconcile.arithmetic import fits

NOT_APPLIED = "own prices not applied"

_CONTESTED = f"""
CREATE TEMP TABLE contested AS
SELECT id, number, place, line, organization, whom, CASE WHEN own_fits <> public_fits THEN public_fits END AS public
FROM (
    SELECT lines.id, lines.number, lines.place, lines.line, organization,
        CASE kind WHEN 'web_search' THEN 'web searches' ELSE model END AS whom,
        {fits("lines")} AS own_fits, {fits("public_lines")} AS public_fits
    FROM lines JOIN public_lines USING (id) JOIN terms ON terms.term = lines.term
        JOIN places ON places.place = lines.place
    WHERE lines.own AND lines.billed > 0 AND lines.units <> 0
        AND lines.unpriced IS NULL AND public_lines.unpriced IS NULL
)
"""  # noqa: S608 - our own names
_VOTES = """
SELECT organization, whom, day, number, coalesce(sum(CASE WHEN public THEN 1 WHEN NOT public THEN -1 END), 0)::BIGINT,
    coalesce(bool_or(public), false), bool_or(public IS NULL)
FROM contested JOIN days USING (number) GROUP BY organization, whom, day, number
"""
_SWITCHED = """
CREATE TEMP TABLE switched AS
SELECT id, contested.number, place, line, detail FROM contested JOIN customs USING (organization, whom, number)
WHERE coalesce(public, customs.usual)
"""
_CUSTOMS = {
    **dict.fromkeys(("organization", "whom"), "VARCHAR"),
    "number": "BIGINT",
    "usual": "BOOLEAN",
    "detail": "VARCHAR",
}


class Vote(NamedTuple):
    """How many lines of a model more are the public list's than one's own on a day.

    `public` is whether one is, `unsure` whether one is neither or both.
    """

    organization: str
    whom: str
    day: date
    number: int
    lead: int
    public: bool
    unsure: bool


def switch(duck: duckdb.DuckDBPyConnection, *, own: bool) -> None:
    """Make `switched`, of the lines that were billed at public prices, and `bill`, all lines, where these are at them.

    `lines` are at one's own prices, `public_lines` the same at the public list's; without `own` prices there are none.
    """
    if not own:
        duck.execute("CREATE TEMP TABLE switched (id BIGINT, number BIGINT, place BIGINT, line BIGINT, detail VARCHAR)")
        duck.execute("CREATE TEMP VIEW bill AS FROM lines")
        return
    duck.execute(_CONTESTED)
    votes = [Vote(*row) for row in duck.execute(_VOTES).fetchall()]
    temp_table(duck, "customs", _CUSTOMS, [*_customs(votes)])
    duck.execute(_SWITCHED)
    duck.execute(
        "CREATE TEMP TABLE bill AS FROM lines ANTI JOIN switched USING (id) "
        "UNION ALL FROM public_lines SEMI JOIN switched USING (id)"
    )


def _customs(votes: Iterable[Vote]) -> Iterable[tuple[str, str, int, bool, str]]:
    """Of each model and day with lines at public prices: whether unsure lines are so, and the words for them."""
    leads: dict[tuple[str, date], int] = defaultdict(int)
    ordered = sorted(votes, key=lambda vote: vote.day)
    for vote in ordered:
        leads[vote.organization, vote.day] += vote.lead
    before: dict[tuple[str, str], bool] = {}
    since: dict[tuple[str, str], date] = {}
    for vote in ordered:
        group = vote.organization, vote.whom
        lead = vote.lead or leads[vote.organization, vote.day]
        before[group] = lead > 0 if lead else before.get(group, False)
        if vote.public or (vote.unsure and before[group]):
            first = since.setdefault(group, vote.day)
            yield *group, vote.number, before[group], f"{vote.whom} since {first}: billed at the public list's price"
        else:
            since.pop(group, None)
