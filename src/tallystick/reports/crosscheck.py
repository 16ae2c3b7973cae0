"""Crosscheck: what both dialects say of the same days: equal, or by how much not and since when.

By workspace their bills and their use must be one. By key the older dialect bills no one: what the tally allocates to
each is held against what the newer one reports.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from tallystick.core.message import note, warning
from tallystick.core.question import Question, Table
from tallystick.core.records import State
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.coverage import spans
from tallystick.query.report import WINDOW, Form, Parameter, Report
from tallystick.reports.crosscheck_keys import by_key
from tallystick.reports.crosscheck_workspaces import At, ask, by_workspace
from tallystick.store.engine import Engine
from tallystick.tally.price_lists import Prices

BY = ("workspace", "key")

_DAYS = "SELECT organization, source, day, state FROM ledger.days WHERE {within}"


def answer(engine: Engine, question: Question, now: datetime, prices: Prices, *, every: bool = False) -> Table:
    """What differs, day by day or key by key; with `every` also what is equal. Totals are over all that was compared.

    `coverage` says how many days both dialects have, on how many they are equal, and which only one has.
    """
    if question.by not in {(name,) for name in BY}:
        raise InvalidQuestion(
            f"The dialects are not compared by {', '.join(question.by)}.", "--by is workspace or key."
        )
    rows_of = partial(ask, engine, question)
    read: dict[tuple[str, bool], set[At]] = {}
    for row in rows_of(_DAYS):
        if row["state"] != State.RUNNING:
            source = row["source"]
            if source in {"cost", "analytics_cost", "usage", "analytics_usage"}:
                kind = (source.removeprefix("analytics_"), source.startswith("analytics_"))
                read.setdefault(kind, set()).add((row["organization"], row["day"]))
    bills = {newer: read.get(("cost", newer), set()) for newer in (False, True)}
    both = bills[False] & bills[True]
    used = read.get(("usage", False), set()) & read.get(("usage", True), set())
    coverage: dict[str, Any] = {
        "days": len(question.window.days()),
        "compared": len({day for _, day in both}),
        "equal": 0,
        "unequal": 0,
    }
    alone = {
        "only_reports": sorted({day for _, day in bills[False] - bills[True]}),
        "only_analytics": sorted({day for _, day in bills[True] - bills[False]}),
    }
    coverage |= {name: [str(day) for day in days] for name, days in alone.items()}
    coverage["absent"] = [
        str(day)
        for day in question.window.days()
        if day < now.date() and all(day != shared_day for _, shared_day in both)
    ]
    warnings = [
        warning(
            f"Only the {name} dialect has {spans(days)}: compared with nothing, so not counted as equal. "
            f"`tallystick sync --source both --since {days[0]}` reads both, so far as they reach."
        )
        for name, days in zip(("older", "newer"), alone.values(), strict=True)
        if days
    ]
    if not both:
        text = "No day of this window was read from both dialects: `tallystick sync --source both`."
        warnings.insert(0, warning(text))
    if question.by == ("key",):
        compared = by_key(engine, question, (both, used), prices, every=every, coverage=coverage)
    else:
        compared = by_workspace(engine, question, (both, used), every=every, coverage=coverage)
    headings, rows, totals, notes = compared
    return Table(
        question,
        headings,
        rows,
        totals if both else dict.fromkeys(totals),
        (*map(note, notes), *warnings),
        coverage,
        engine.version.spoken,
    )


def _ask(
    context: Context, by: str, since: When | None, until: When | None, month: When | None, include_equal: bool
) -> Table:
    question = context.question("crosscheck", (by,), (since, until, month))
    return answer(context.engine, question, context.now, context.prices, every=include_equal)


REPORT = Report(
    _ask,
    (
        Parameter("by", "What to compare.", Form.CHOICE, "workspace", choices=("workspace", "key")),
        *WINDOW,
        Parameter("include_equal", "Also show what agrees.", Form.FLAG, False, option="--all"),
    ),
    "Compares the days that `sync --source both` read. By workspace: what was billed and used, each day, exactly. By "
    "key: what the tally allocates from the older dialect's bill, against what the newer one reports; the error of the "
    "allocation.",
    strict="Exit with 1 where anything differs.",
    failing=lambda table: bool(table.coverage["unequal"] or not table.coverage["compared"]),
)
