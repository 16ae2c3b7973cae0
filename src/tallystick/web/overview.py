"""Overview: the first page: how much, is it normal, who, why, what to do, on one screen."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.address import WHERE, Address
from tallystick.core.question import Table
from tallystick.outlook.roster import RECENT
from tallystick.query.groups import OTHERS
from tallystick.web.changes import changes
from tallystick.web.page import SWITCH, Page, Panel, View, ask

LEADS: Mapping[str, str] = {
    "month to date": ask("spend", by="day", month="mtd").url,
    "not billed": "/reconcile?days=mtd",
    "forecast": "/forecast",
    "budget": "/budgets",
    "saved": "/cache",
}
"""Where a figure leads whose name begins so."""


FINDINGS = ask("anomalies")


def _panels(_: str, inputs: Mapping[str, str]) -> tuple[Panel, ...]:
    by = inputs.get("by")
    by = by if by in SWITCH else SWITCH[0]
    beside = "model" if by == "workspace" else "workspace"
    days, recent = {"since": "28d", "until": "today"}, {"since": f"{RECENT}d"}
    return (
        Panel("This month", ask("status"), View.FIGURES, 12, also=(ask("forecast"),), heads=True),
        Panel(
            "Spend by day",
            ask("spend", by=f"day,{by}", **days),
            View.COURSE,
            8,
            SWITCH,
            also=(ask("spend", by="day", since="56d", until="today"), ask("forecast", by="day"), FINDINGS),
            tall=True,
        ),
        Panel("Needs attention", ask("status"), View.ATTENTION, 4, also=(FINDINGS,)),
        Panel(f"Top {beside}s, {RECENT} days", ask("spend", by=beside, top="3", **recent), View.TABLE, 4),
        changes(8, by=by, top="3"),
        Panel(
            f"Top keys, {RECENT} days",
            ask("spend", by="key", top="4", **recent),
            View.TREND,
            4,
            of_rows=lambda table: _of_keys(table, ask("spend", by="day,key", **recent)),
        ),
    )


def _of_keys(table: Table, days: Address) -> Address:
    """A question of days, held to the keys of an answer."""
    return days.having(f"{WHERE}key", *(str(row["key"]) for row in table.rows if row["key"] != OTHERS))


OVERVIEW = Page("/", "Overview", _panels, "o")
