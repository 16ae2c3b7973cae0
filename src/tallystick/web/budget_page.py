"""Budget page: what each budget has left, and where the month and the quarter are forecast to end."""

from __future__ import annotations

from tallystick.web.fields import Given
from tallystick.web.page import Page, Panel, View, ask

_FIGURES = ("spent", "not_billed_yet", "expected", "low_80", "high_80", "low_95", "high_95", "method")

_SHORT = ("spent", "expected", "low_80", "high_80")


def _panels(_: str, __: Given) -> tuple[Panel, ...]:
    return (
        Panel("Where the month ends", ask("forecast"), View.TOTALS, 12, columns=_FIGURES),
        Panel(
            "Budgets",
            ask("budget"),
            View.METERS,
            12,
            may_lack=True,
        ),
        Panel("The week", ask("forecast", until="week"), View.TOTALS, 6, columns=_SHORT),
        Panel("The quarter", ask("forecast", until="quarter"), View.TOTALS, 6, columns=_SHORT),
    )


BUDGETS = Page(
    "/budgets",
    "Budgets",
    _panels,
    "b",
    "What is left, and what the month is forecast to come to.",
)
