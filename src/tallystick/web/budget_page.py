"""Budget page: what each budget has left, and where the month is forecast to end."""

from __future__ import annotations

from tallystick.web.fields import Inputs
from tallystick.web.page import Page, Panel, View, ask

_FIGURES = ("spent", "not_billed_yet", "expected", "low_80")


def _panels(_: str, __: Inputs) -> tuple[Panel, ...]:
    return (
        Panel("Where the month ends", ask("forecast"), View.TOTALS, 12, columns=_FIGURES, page="/forecast"),
        Panel("Budgets", ask("budget"), View.METERS, 12, may_lack=True),
    )


BUDGETS = Page(
    "/budgets",
    "Budgets",
    _panels,
    "b",
    "What is left of each budget, and what the month is forecast to come to.",
)
