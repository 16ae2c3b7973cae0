"""Reconcile page: from billed to priced, cause by cause, and the rates that the bill shows."""

from __future__ import annotations

from tallystick.web.fields import Inputs, days_label, period, period_field
from tallystick.web.page import Page, Panel, View, ask


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    days = period(inputs)
    return (
        Panel(f"From billed to priced, {days_label(inputs)}", ask("reconcile", **days), View.WATERFALL, 12),
        Panel("What modifiers did to priced", ask("reconcile", factors="1", **days), width=4, rows=30),
        Panel(
            "Rates as billed, beside the list's",
            ask("reconcile", rates="1", **days),
            width=8,
            rows=12,
        ),
    )


RECONCILE = Page(
    "/reconcile",
    "Reconcile",
    _panels,
    "r",
    "Does the bill fit the usage? What separates them, by name; nothing is hidden in a remainder.",
    form=period_field,
    of_all="A bill is matched with all of its use, and not with that of a team.",
)
