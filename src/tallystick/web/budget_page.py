"""Budget page: what each budget has left, and where the month and the quarter end at this pace."""

from __future__ import annotations

from tallystick.web.fields import Given
from tallystick.web.page import Page, Panel, View, ask

_FIGURES = ("spent", "not_billed_yet", "pace", "low", "high", "judged_by")


def _panels(_: str, __: Given) -> tuple[Panel, ...]:
    return (
        Panel("Where the month ends", ask("pace"), View.TOTALS, 12, columns=_FIGURES),
        Panel(
            "Budgets",
            ask("budget"),
            View.METERS,
            12,
            may_lack=True,
        ),
        Panel("The week", ask("pace", every="week"), View.TOTALS, 6, columns=("spent", "pace", "low", "high")),
        Panel("The quarter", ask("pace", every="quarter"), View.TOTALS, 6, columns=("spent", "pace", "low", "high")),
    )


BUDGETS = Page(
    "/budgets",
    "Budgets",
    _panels,
    "b",
    "What is left, and what the month comes to if each day left costs what its weekday did in the last eight weeks.",
)
