"""Pages: every page of the dashboard, as data. A page computes nothing: it asks reports of the catalog."""

from __future__ import annotations

from tallystick.web.overview import OVERVIEW
from tallystick.web.page import Page, Panel, View, ask

PAGES: tuple[Page, ...] = (
    OVERVIEW,
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
