"""Alert page: what rules saw, how far each finding is dealt with, and the rules in force."""

from __future__ import annotations

from tallystick.web.fields import Inputs
from tallystick.web.page import Page, Panel, ask

_FINDINGS = ("what", "dollars", "severity", "state", "since", "until", "reason", "finding")
_RULES = ("rule", "severity", "about", "when", "ask", "origin")


def _panels(_: str, __: Inputs) -> tuple[Panel, ...]:
    return (
        Panel("Findings", ask("findings", every="1"), width=12, rows=50, columns=_FINDINGS),
        Panel("Rules in force", ask("rules"), width=12, rows=50, columns=_RULES),
    )


ALERTS = Page(
    "/alerts",
    "Alerts",
    _panels,
    "a",
    "What rules saw, what lasts first. tallystick watch looks and calls you.",
    under="/anomalies",
    of_all="Rules are judged by the spend of every team.",
)
