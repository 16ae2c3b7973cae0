"""Ahead: what the month is forecast to come to, and what budgets have left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tallystick.metrics.metric import Metric, Sample, Samples, Unit
from tallystick.metrics.questions import Questions, label

BOUNDS = ("expected", *(f"{side}_{percent}" for percent in (50, 80, 95) for side in ("low", "high")))
"""Columns of a forecast: what is expected, and the ends of the ranges that hold so many percent of cases."""
BUDGET_BOUNDS = {"expected": "forecast", "low_80": "low", "high_80": "high"}
"""Columns of a budget's forecast, by bound."""
BUDGET = ("budget", "scope", "period")


def _month(questions: Questions) -> Iterator[Sample]:
    for row in questions.ask("forecast"):
        for bound in BOUNDS:
            if isinstance(row[bound], Decimal):
                yield (bound,), row[bound]


def _budgets(columns: Mapping[str, str]) -> Samples:
    """Return what reads columns of each budget, by the value of a further label; one that is empty is no label.

    Budgets that are written alike are no sum: the second one has a number after its name.
    """

    def samples(questions: Questions) -> Iterator[Sample]:
        rows = questions.ask("budget") if questions.reader.context().budgets.rows else ()
        counts = Counter[tuple[str, ...]]()
        for row in rows:
            name, *rest = (label(row["name"] or row["scope"]), label(row["scope"]), label(row["period"]))
            counts[name, *rest] += 1
            number = counts[name, *rest]
            subject = (name if number == 1 else f"{name} ({number})", *rest)
            for bound, column in columns.items():
                if isinstance(row[column], Decimal):
                    yield (*subject, *([bound] if bound else ())), row[column]

    return samples


METRICS = (
    Metric(
        "tallystick.forecast.cost",
        "What this month is forecast to come to, in US dollars, and the ends of its ranges.",
        "forecast",
        _month,
        ("bound",),
        Unit.USD,
    ),
    Metric(
        "tallystick.budget.limit",
        "Budget of its period in US dollars, with what it carries over.",
        "budget",
        _budgets({"": "budget"}),
        BUDGET,
        Unit.USD,
    ),
    Metric(
        "tallystick.budget.left",
        "What a budget has left in US dollars; below zero where it is passed.",
        "budget",
        _budgets({"": "left"}),
        BUDGET,
        Unit.USD,
    ),
    Metric("tallystick.budget.used", "Spent share of a budget.", "budget", _budgets({"": "used"}), BUDGET, Unit.RATIO),
    Metric(
        "tallystick.budget.forecast",
        "What the period of a budget is forecast to come to, in US dollars, with its 80 % range.",
        "budget",
        _budgets(BUDGET_BOUNDS),
        (*BUDGET, "bound"),
        Unit.USD,
    ),
)
