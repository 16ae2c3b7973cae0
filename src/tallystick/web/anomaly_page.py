"""Anomaly page: what costs more than usual, each finding with a link to what explains it."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.web.page import Page, Panel, Row, View, ask

COLUMNS = ("finding", "state", "subject", "subject_name", "since", "until", "cause", "above", "explained_by", "reason")


def _explained(row: Row) -> str:
    return ask("anomaly", finding=str(row["finding"])).url


def _panels(_: str, __: Mapping[str, str]) -> tuple[Panel, ...]:
    asked = ask("anomalies", since="60d")
    return (
        Panel(
            "Findings of 60 days",
            asked,
            width=12,
            rows=100,
            columns=COLUMNS,
            leads={"finding": _explained},
            nothing="Nothing costs more than usual.",
        ),
        Panel("What to know of them", asked, View.MESSAGES, 12),
    )


ANOMALIES = Page(
    "/anomalies",
    "Anomalies",
    _panels,
    "f",
    "What costs more than usual, one finding for each cause. Each leads to what explains it.",
    under="/budgets",
)
