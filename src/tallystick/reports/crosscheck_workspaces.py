"""Crosscheck of workspaces: both dialects' bills and use of the same days, by workspace, in which they must be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.core.money import EXACT, plain, total
from tallystick.core.question import Cell, Heading, Kind, Question
from tallystick.core.records import COUNTERS
from tallystick.core.report_tables import ANALYTICS_COST, COST
from tallystick.core.time import spans
from tallystick.query.conditions import within
from tallystick.query.names import named, organizations
from tallystick.store.engine import Engine

_BILL = "SELECT organization, day, workspace, sum(billed) AS billed FROM ledger.{table} WHERE {within} GROUP BY ALL"
_USE = "SELECT organization, day, workspace, {sums} FROM {table} WHERE {within} GROUP BY ALL"
# Hours stand in for a day that the older dialect was not read by, as in the tally.
OLDER = """
    (SELECT {columns} FROM ledger.usage UNION ALL SELECT {columns} FROM ledger.usage_hour AS hours WHERE NOT EXISTS (
        FROM ledger.days WHERE days.organization = hours.organization AND days.day = hours.day
            AND source = 'usage' AND grain = 'day'))
"""
"""The older dialect's use by day."""
At = tuple[str, date]
"""An organization and a day."""
Read = tuple[set[At], set[At]]
"""The days of which both dialects' bills are in the ledger, and those of which both dialects' use is."""
Compared = tuple[tuple[Heading, ...], list[tuple[Cell, ...]], dict[str, Cell], list[str]]
"""Headings, rows, totals over all that was compared, and what to say of it."""

MONEY = (
    Heading("billed_reports", Kind.MONEY, "USD"),
    Heading("billed_analytics", Kind.MONEY, "USD"),
    Heading("difference", Kind.MONEY, "USD"),
)


def money_totals(pairs: Sequence[tuple[Decimal, Decimal]]) -> dict[str, Cell]:
    """The totals of what the older and the newer dialect bill."""
    older, newer = total([amount for amount, _ in pairs]), total([amount for _, amount in pairs])
    return {"billed_reports": older, "billed_analytics": newer, "difference": EXACT.subtract(newer, older)}


@dataclass
class _Place:
    """A workspace on a day: what each dialect bills, and how much more use the newer one says; None is not known."""

    older: Decimal = Decimal(0)
    newer: Decimal = Decimal(0)
    use: dict[str, int] | None = None

    @property
    def gap(self) -> Decimal:
        return EXACT.subtract(self.newer, self.older)

    @property
    def moved(self) -> bool:
        return bool(self.use and any(self.use.values()))

    @property
    def unequal(self) -> bool:
        return bool(self.gap) or self.moved


def by_workspace(engine: Engine, question: Question, read: Read, *, every: bool, coverage: dict[str, Any]) -> Compared:
    """What the dialects say by day and workspace; the default workspace is one in both."""
    billed, used = read
    workspace_days = _places(engine, question, billed, billed & used)
    several = len(organizations(engine)) > 1
    calls = named(engine, ("workspace",))["workspace"]
    rows: list[tuple[Cell, ...]] = []
    differing: dict[str, list[tuple[date, _Place]]] = {}
    for (organization, day, workspace), workspace_day in sorted(workspace_days.items(), key=lambda entry: entry[0]):
        if workspace_day.unequal:
            differing.setdefault(workspace, []).append((day, workspace_day))
        if workspace_day.unequal or every:
            key_cells = (*((organization,) if several else ()), str(day), workspace, calls(workspace))
            use = [workspace_day.use[name] if workspace_day.use else None for name in COUNTERS]
            rows.append((*key_cells, workspace_day.older, workspace_day.newer, workspace_day.gap, *use))
    wrong = {day for (_, day, _), workspace_day in workspace_days.items() if workspace_day.unequal}
    coverage |= {"equal": coverage["compared"] - len(wrong), "unequal": len(wrong)}
    notes = [f"Equal on {coverage['equal']} of {coverage['compared']} days that both reports have."] if billed else []
    notes += [_since(calls(workspace), differences) for workspace, differences in sorted(differing.items())]
    if unread := sorted({day for _, day in billed - used}):
        notes.append(
            f"Of {spans(unread)} the bills alone are compared: the use of one of the reports is not in the ledger."
        )
    headings = (
        *([Heading("organization", Kind.DIMENSION)] if several else []),
        Heading("day", Kind.DIMENSION),
        Heading("workspace", Kind.DIMENSION),
        Heading("workspace_name", Kind.NAME),
        *MONEY,
        *(
            Heading(f"{counter}_difference", Kind.COUNT, "searches" if counter == "web_searches" else "tokens")
            for counter in COUNTERS
        ),
    )
    totals = money_totals([(workspace_day.older, workspace_day.newer) for workspace_day in workspace_days.values()])
    for name in COUNTERS:
        counts = [workspace_day.use[name] for workspace_day in workspace_days.values() if workspace_day.use]
        totals[f"{name}_difference"] = sum(counts) if billed <= used else None
    return headings, rows, totals, notes


def _places(engine: Engine, question: Question, billed: set[At], used: set[At]) -> dict[tuple[str, date, str], _Place]:
    """What the dialects say of these days, by organization, day and workspace."""
    workspace_days: dict[tuple[str, date, str], _Place] = {}

    def place_of(row: dict[str, Any]) -> _Place:
        organization_day = (row["organization"], row["day"])
        known = dict.fromkeys(COUNTERS, 0) if organization_day in used else None
        return workspace_days.setdefault((*organization_day, row["workspace"]), _Place(use=known))

    for newer, table in ((False, COST.name), (True, ANALYTICS_COST.name)):
        for row in ask(engine, question, _BILL, table=table):
            if (row["organization"], row["day"]) in billed:
                setattr(place_of(row), "newer" if newer else "older", row["billed"])
    sums = ", ".join(f"sum({counter}) AS {counter}" for counter in COUNTERS)
    older = OLDER.format(columns=", ".join(("organization", "month", "day", "workspace", *COUNTERS)))
    for sign, table in ((-1, older), (1, "ledger.analytics_usage")):
        for row in ask(engine, question, _USE, table=table, sums=sums):
            if (row["organization"], row["day"]) in used and (use := place_of(row).use) is not None:
                for name in COUNTERS:
                    use[name] += sign * int(row[name])
    return workspace_days


def _since(workspace: str, differences: Sequence[tuple[date, _Place]]) -> str:
    """Since when a workspace differs, and by how much."""
    gap = total([workspace_day.gap for _, workspace_day in differences])
    on = "that day alone" if len(differences) == 1 else f"{len(differences)} days"
    also = ", and other use" if any(workspace_day.moved for _, workspace_day in differences) else ""
    amount = f"{plain(abs(gap))} USD {'less' if gap < 0 else 'more'}"
    return f"{workspace} differs since {differences[0][0]}, on {on}: the newer reports bill {amount}{also}."


def ask(engine: Engine, question: Question, query: str, **words: str) -> list[dict[str, Any]]:
    """The rows of a query of the window."""
    return engine.rows(query.format(within=within(question.window, months=True), **words))
