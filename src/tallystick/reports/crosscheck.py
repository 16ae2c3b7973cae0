"""Crosscheck: what both dialects say of the same days: equal, or by how much not and since when.

By workspace their bills and their use must be one. By key the older dialect bills no one: what the tally allocates to
each is held against what the newer one reports.
"""

from __future__ import annotations

from typing import Any

from tallystick.core.message import note, warning
from tallystick.core.question import Table
from tallystick.core.records import State
from tallystick.core.select import select
from tallystick.core.time import spans
from tallystick.query.conditions import within
from tallystick.query.context import Context
from tallystick.query.report import WINDOW, Days, Form, Parameter, Report
from tallystick.query.strictness import Strictness
from tallystick.reports.crosscheck_keys import by_key
from tallystick.reports.crosscheck_workspaces import At, by_workspace

BY = ("workspace", "key")


def crosscheck(context: Context, by: str, days: Days, include_equal: bool) -> Table:
    """What differs, day by day or key by key; or what is equal too. Totals are over all that was compared.

    `coverage` says how many days both dialects have, on how many they are equal, and which only one has.
    """
    engine, question = context.engine, context.question("crosscheck", (by,), days)
    read: dict[tuple[str, bool], set[At]] = {}
    days_read = select("organization", "source", "day", "state").from_("ledger.days").where(within(question.window))
    for row in engine.rows(days_read):
        if row["state"] != State.RUNNING:
            source = row["source"]
            if source in {"cost", "analytics_cost", "usage", "analytics_usage"}:
                kind = (source.removeprefix("analytics_"), source.startswith("analytics_"))
                read.setdefault(kind, set()).add((row["organization"], row["day"]))
    bills = {newer: read.get(("cost", newer), set()) for newer in (False, True)}
    shared = bills[False] & bills[True]
    used = read.get(("usage", False), set()) & read.get(("usage", True), set())
    coverage: dict[str, Any] = {
        "days": len(question.window.days()),
        "compared": len({day for _, day in shared}),
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
        if day < context.now.date() and all(day != shared_day for _, shared_day in shared)
    ]
    warnings = [
        warning(
            f"Only the {name} reports have {spans(days)}: compared with nothing, so not counted as equal. "
            f"`tallystick sync --source both --since {days[0]}` reads both, as far as they reach."
        )
        for name, days in zip(("older", "newer"), alone.values(), strict=True)
        if days
    ]
    if not shared:
        text = "No day of this window was read from both reports: `tallystick sync --source both`."
        warnings.insert(0, warning(text))
    if by == "key":
        compared = by_key(engine, question, (shared, used), context.prices, every=include_equal, coverage=coverage)
    else:
        compared = by_workspace(engine, question, (shared, used), every=include_equal, coverage=coverage)
    headings, rows, totals, notes = compared
    return Table(
        question,
        headings,
        rows,
        totals if shared else dict.fromkeys(totals),
        (*map(note, notes), *warnings),
        coverage,
        engine.version.identity,
    )


REPORT = Report(
    crosscheck,
    (
        Parameter("by", "What to compare.", Form.CHOICE, "workspace", choices=BY),
        *WINDOW,
        Parameter("include_equal", "Also show what agrees.", Form.FLAG, False, option="--all"),
    ),
    "Compares the days that `sync --source both` read. By workspace: what each day was billed and used, which must be "
    "equal. By key: what is allocated to each key from the older bill, what the newer reports bill it, and the "
    "difference: the error of the allocation.",
    strict=Strictness(
        {"unequal": "anything differs"}, "no day was compared", lambda table: not table.coverage["compared"]
    ),
)
