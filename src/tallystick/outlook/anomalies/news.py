"""News of a ledger: the findings that last, or ended in the last days, in sentences for the first screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tallystick.core.document import Section
from tallystick.core.filter import Filter
from tallystick.core.money import rounded
from tallystick.core.question import Table
from tallystick.core.text import day_spans
from tallystick.core.time import Window
from tallystick.outlook.anomalies.cells import Cell
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.finding import Finding
from tallystick.outlook.anomalies.ledger_findings import TEAM, ledger_findings, teams_of
from tallystick.outlook.anomalies.report import CALLED, HEADINGS, findings_since, name, rows, words
from tallystick.query.context import Context

RECENT = timedelta(days=7)
"""A finding that ended so long ago is no longer news."""
_OF_MONTH = ("finding", "state", "subject", "subject_name", "since", "cause", "above", "explained_by")


def news(context: Context) -> list[str]:
    """Return a sentence for each finding that nobody expected, and that lasts or ended in the last week."""
    today = context.now.date()
    results = [
        finding
        for finding in findings_since(context, None, None).findings
        if finding.state == State.ACTIVE or (finding.state == State.ENDED and finding.until >= today - RECENT)
    ]
    return [_sentence(context, finding) for finding in _ordered(results)]


def lasting(context: Context, dimension: str, id_: str) -> str:
    """Return a sentence on what stands out by now of a key, person, team, model or workspace; nothing where none does.

    The largest finding is named, the others are counted.
    """
    active = [anomaly for anomaly in findings_since(context, None, None).findings if anomaly.state == State.ACTIVE]
    cells = [cell for finding in active for cell in finding.cells]
    teams = teams_of(context.owners, context.engine, cells, context.now.date()) if dimension == TEAM else {}

    def value(cell: Cell) -> str | None:
        return teams.get(cell) if dimension == TEAM else getattr(cell, dimension)

    own = [
        anomaly
        for anomaly in active
        if anomaly.subject[1:] == (dimension, id_) or {*map(value, anomaly.cells)} == {id_}
    ]
    if not own:
        return ""
    first, *others = _ordered(own)
    return _sentence(context, first, f" ({len(others)} more last)" if others else "")


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    """What lasts first, then the largest."""
    return sorted(findings, key=lambda finding: (finding.state != State.ACTIVE, -finding.above))


def _sentence(context: Context, finding: Finding, further: str = "") -> str:
    level = CALLED.get(finding.subject.level, finding.subject.level).capitalize()
    days = [finding.since] if finding.state == State.ACTIVE else [day.day for day in finding.days]
    when = f"{'since' if finding.state == State.ACTIVE else 'on'} {day_spans(days, context.now.year)}"
    return (
        f"{level} {name(context.engine, finding)}: {rounded(finding.above):,} USD above usual {when}, "
        f"{words(finding)}{further}: tallystick anomaly {finding.id}"
    )


def of_month(context: Context, organization: str, window: Window) -> list[Section]:
    """Return the section of a summary that lists what stood out on days of a month; none where nothing did."""
    entries = ledger_findings(context, window, {"organization": Filter.of(organization)})
    results = [finding for finding in entries.findings if finding.since < window.end.date()]
    if not results:
        return []
    largest = sorted(results, key=lambda finding: -finding.above)
    table = Table(None, HEADINGS, list(rows(context.engine, largest)), {})
    note = "What cost more than usual, one finding for each cause; `tallystick anomaly ID` explains one."
    return [Section("Anomalies", table.of_columns(_OF_MONTH), (note,))]
