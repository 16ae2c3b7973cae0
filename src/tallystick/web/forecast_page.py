"""Forecast page: what a week, a month, a quarter or a year comes to: day by day, and of each part."""

from __future__ import annotations

from tallystick.web.fields import Choices, Field, Inputs
from tallystick.web.page import SWITCH, Page, Panel, View, ask

PERIODS = {"month": "the month", "week": "the week", "quarter": "the quarter", "year": "the year"}
_FIGURES = ("billed", "not_billed_yet", "spent", "expected", "low_80", "low_95", "method")
_PART = ("spent", "expected", "low_80", "high_80", "low_50", "high_50", "method")


def _chosen(inputs: Inputs) -> tuple[str, str]:
    """Until when is forecast, and by what."""
    until, by = inputs.get("until", ""), inputs.get("by", "")
    return (until if until in PERIODS else next(iter(PERIODS))), (by if by in SWITCH else SWITCH[0])


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    until, by = _chosen(inputs)
    end = PERIODS[until]
    return (
        Panel(f"Where {end} ends", ask("forecast", until=until), View.TOTALS, 12, columns=_FIGURES, heads=True),
        Panel(
            "Day by day",
            ask("spend", by=f"day,{by}", since="28d", until="today"),
            View.COURSE,
            12,
            also=(ask("forecast", by="day", until=until),),
        ),
        Panel(
            f"Each {by}",
            ask("forecast", by=by, until=until),
            width=12,
            rows=40,
            columns=(by, f"{by}_name", *_PART),
            may_lack=True,
        ),
    )


def _fields(inputs: Inputs, _: Choices) -> tuple[Field, ...]:
    until, by = _chosen(inputs)
    return (
        Field("until", "To the end of", until, tuple(PERIODS.items())),
        Field("by", "By", by, tuple((name, name) for name in SWITCH)),
    )


FORECAST = Page(
    "/forecast",
    "Forecast",
    _panels,
    "t",
    "What is spent, and what the days to come are expected to add: the line, within its 50 and 80 % ranges.",
    under="/budgets",
    form=_fields,
)
