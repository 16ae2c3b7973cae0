"""Days around a finding: what its subject spent before, within and after it, to see how far it stands out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.anomalies.cells import SPENT, Cell
from tallystick.outlook.anomalies.finding import Finding
from tallystick.query.conditions import equals, within
from tallystick.query.coverage import states_of
from tallystick.store.engine import Engine

BEFORE, AFTER = 28, 14
"""Days that are shown before a finding and after it."""


def days_around(engine: Engine, finding: Finding, today: date) -> dict[date, Decimal | None]:
    """Return US dollars of each day up to today, in order; None of a day that is not in the ledger."""
    organization = finding.subject.organization
    last = min(finding.until + timedelta(AFTER), today)
    window = Window(midnight(finding.since - timedelta(BEFORE)), midnight(last) + DAY)
    query = (
        select("day", f"sum({SPENT}) AS spent")
        .from_(f"ledger.charges JOIN cells USING ({', '.join(Cell._fields)})")
        .where(within(window, months=True), equals("organization", organization))
        .group_by("day")
    )
    rows = engine.beside(query, "cells", dict.fromkeys(Cell._fields, "VARCHAR"), finding.cells)
    spent = {row["day"]: row["spent"] for row in rows}
    of_organization = Question("anomaly", window, (), {"organization": Filter.of(organization)})
    known = states_of(engine, CHARGES, of_organization)
    return {day: spent.get(day, Decimal(0) if day in known else None) for day in window.days()}
