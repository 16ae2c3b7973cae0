"""Anomaly page: what costs more than usual, and one finding explained."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import QueryParams

from tallystick.address import WHERE, Address
from tallystick.web.leads import leads_of
from tallystick.web.page import Page, Panel, View, ask

COLUMNS = (
    "subject",
    "subject_name",
    "above",
    "cause",
    "since",
    "until",
    "state",
    "level",
    "explained_by",
    "reason",
    "finding",
)
"""What the list shows of each finding, most telling first."""
_ASKED = ask("anomalies")


def _panels(_: str, __: Mapping[str, str]) -> tuple[Panel, ...]:
    return (
        Panel(
            "Findings of 30 days",
            _ASKED,
            width=12,
            rows=100,
            columns=COLUMNS,
            leads=leads_of(_ASKED),
        ),
        Panel("Notes", _ASKED, View.MESSAGES, 12),
    )


def _one(id_: str, inputs: Mapping[str, str]) -> tuple[Panel, ...]:
    where = (pair for pair in QueryParams(inputs).multi_items() if pair[0].startswith(WHERE))
    address = Address("anomaly", (("finding", id_), *where))
    return (
        Panel("In short", address, View.FIGURES, 12),
        Panel("Days around", address, View.DAYS, 7, tall=True),
        Panel("About", address, View.ABOUT, 5),
        Panel("By cause", address, View.PART, 5),
        Panel("By key, model and kind", address, View.PART, 12, rows=40),
        Panel("Notes", address, View.MESSAGES, 12),
    )


ANOMALIES = Page(
    "/anomalies",
    "Anomalies",
    _panels,
    "f",
    "What costs more than usual, one finding for each cause. Each leads to what explains it.",
    of_all="What is usual is judged by the spend of every team.",
)
ANOMALY = Page(
    "/anomaly",
    "Anomaly",
    _one,
    under="/anomalies",
    of_all="What is usual is judged by the spend of every team.",
)
