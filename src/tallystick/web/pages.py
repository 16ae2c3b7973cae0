"""Pages: every page of the dashboard, as data. A page computes nothing: it asks reports of the catalog."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.web.page import SWITCH, Page, Panel, View, ask


def _overview(_: str, given: Mapping[str, str]) -> tuple[Panel, ...]:
    by = given.get("by") if given.get("by") in SWITCH else SWITCH[0]
    return (
        Panel("This month", ask("status"), View.FIGURES, 12),
        Panel("Spend by day", ask("spend", by=f"day,{by}", since="30d"), View.COURSE, 8, SWITCH),
        Panel("Needs attention", ask("status"), View.ATTENTION, 4),
        Panel("What changed most", ask("variance", month="mtd", by=by or "model", top="6"), View.TABLE, 6),
        Panel("Top keys, 30 days", ask("spend", by="key", since="30d", top="7"), View.TABLE, 3),
        Panel("Top models, 30 days", ask("spend", by="model", since="30d", top="7"), View.TABLE, 3),
    )


PAGES: tuple[Page, ...] = (
    Page("/", "Overview", _overview, "o"),
    Page(
        "/cache",
        "Cache",
        lambda _, __: (
            Panel("Figures of caching, 30 days", ask("cache", by="model", since="30d"), View.TABLE, 12, rows=30),
            Panel("By workspace", ask("cache", by="workspace", since="30d"), View.TABLE, 12, rows=30),
        ),
        "c",
    ),
    Page(
        "/reconcile",
        "Reconcile",
        lambda _, __: (
            Panel("From billed to priced, 30 days", ask("reconcile", since="30d"), View.TABLE, 12, rows=40),
        ),
        "r",
    ),
    Page("/ledger", "Ledger", lambda _, __: (Panel("What was committed", ask("log"), View.TABLE, 12, rows=30),), "l"),
)
